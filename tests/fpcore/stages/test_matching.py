"""Hits, candidates and the chance level: against loops, and on planted songs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.config import QueryConfig
from fpcore.records import Candidates, Postings, QueryHashes
from fpcore.stages import matching
from tests.fpcore import naive
from tests.fpcore.stages.planted import (
    looked_up,
    of_the_match,
    planted,
    postings_of,
    query_of,
    ranked,
    wrong_songs,
)

COLUMNS = list(Candidates._DTYPES)


def _rows(found: Candidates) -> list[tuple[float, ...]]:
    columns = (getattr(found, name).tolist() for name in COLUMNS)
    return list(zip(*columns, strict=True))


# Hits


@st.composite
def _lookups(draw: st.DrawFn) -> tuple[QueryHashes, np.ndarray, Postings]:
    """Draw a query, the sorted tokens looked up, and postings in any order, also repeated."""
    pairs = draw(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=12))
    query = query_of(draw(st.permutations(sorted(pairs))), draw(st.integers(1, 4)))
    extra = draw(st.sets(st.integers(0, 9), max_size=3))
    tokens = np.array(sorted(set(query.token.tolist()) | extra), np.int64)
    entry = st.tuples(st.integers(0, max(len(tokens) - 1, 0)), st.integers(1, 3), st.integers(0, 9))
    rows = draw(st.lists(entry, max_size=30)) if len(tokens) else []
    return query, tokens, postings_of(rows)


@settings(deadline=None, max_examples=100)
@given(_lookups())
def test_hits_equal_the_nested_loops(lookup: tuple[QueryHashes, np.ndarray, Postings]) -> None:
    got = matching.hits(*lookup)
    rows = zip(
        got.row.tolist(),
        got.song_id.tolist(),
        got.frame.tolist(),
        got.offset_ticks.tolist(),
        got.weight.tolist(),
        strict=True,
    )
    # Within one song and offset the order of the hits is left open.
    listed = sorted(rows, key=lambda hit: (hit[1], hit[3], hit[0], hit[2]))
    expected = naive.hits(*lookup)
    assert [hit[:4] for hit in listed] == [hit[:4] for hit in expected]
    assert [hit[4] for hit in listed] == pytest.approx([hit[4] for hit in expected])
    by_offset = list(zip(got.song_id.tolist(), got.offset_ticks.tolist(), strict=True))
    assert by_offset == sorted(by_offset)
    of_two = got.of_songs(np.array([1, 3, 9]))
    is_of_two = np.isin(got.song_id, [1, 3])
    for column in ("row", "song_id", "frame", "offset_ticks", "weight"):
        np.testing.assert_array_equal(getattr(of_two, column), getattr(got, column)[is_of_two])


@pytest.mark.parametrize(
    "songs", [(1, 2, 3), (1, 5, 2**62), (10**12, 10**12 + 1)], ids=["few", "far apart", "large"]
)
def test_hits_of_any_ids_and_times_are_found(songs: tuple[int, ...]) -> None:
    query = query_of([(1, 0), (1, 40_000), (2, 7)], ticks_per_frame=16)
    entries = [(1, song, frame) for song in songs for frame in (0, 2**31 - 1)]
    found = looked_up(query, entries)
    expected = sorted(
        (song, frame * 16 - tick, row, frame)
        for _, song, frame in entries
        for row, tick in ((0, 0), (1, 40_000))
    )
    columns = (found.song_id, found.offset_ticks, found.row, found.frame)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == expected


def test_a_query_too_long_for_its_index_is_refused() -> None:
    assert matching._key_type(n_bits=43, row_bits=20) is np.int64
    told = (
        r"^a query of up to 2\^20 hashes is too long for songs of up to 2\^44 ticks: ask with "
        r"shorter parts of the recording$"
    )
    with pytest.raises(ValueError, match=told):
        matching._key_type(n_bits=44, row_bits=20)


@pytest.mark.parametrize("ids", [[], [7], [3, 1, 3, 2], [1, 40, 1], [10**12, 5, 10**12]], ids=str)
def test_songs_are_numbered_in_the_order_of_their_ids(ids: list[int]) -> None:
    found = matching.numbered(np.array(ids, np.int64))
    song_ids, numbers = np.unique(np.array(ids, np.int64), return_inverse=True)
    np.testing.assert_array_equal(found[0], song_ids)
    np.testing.assert_array_equal(found[1], numbers)
    assert found[1].dtype == np.int32


def test_offsets_are_counted_from_the_lowest_in_as_many_bits_as_the_highest_takes() -> None:
    query = query_of([(1, 300), (2, 310)], ticks_per_frame=4)
    postings = postings_of([(0, 1, 160), (1, 1, 100), (1, 2, 130)])
    # From 4 * 100 - 310 to 4 * 160 - 300.
    assert matching._offset_bits(query, postings) == (90, (340 - 90).bit_length())


def test_hits_take_four_bytes_each_where_that_is_enough() -> None:
    assert matching._key_type(n_bits=20, row_bits=11) is np.int32
    assert matching._key_type(n_bits=20, row_bits=12) is np.int64


def test_a_token_that_is_everywhere_weighs_less() -> None:
    query = query_of([(1, 0), (2, 0)])
    entries = [(1, 1, 5), *((2, song, 5) for song in range(1, 7))]
    found = looked_up(query, entries)
    weight = {int(query.token[row]): w for row, w in zip(found.row, found.weight, strict=True)}
    assert weight == pytest.approx({1: 1 / math.log2(3), 2: 1 / math.log2(8)})


def test_columns_of_some_hits_are_those_of_all() -> None:
    query, entries = planted()
    found = looked_up(query, entries)
    some = np.array([5, 0, len(found) - 1])
    columns = (found.row, found.offset_ticks, found.weight)
    for got, column in zip(found.taken(some), columns, strict=True):
        np.testing.assert_array_equal(got, column[some])
        assert got.dtype == column.dtype
    run = slice(2, 9)
    np.testing.assert_array_equal(found.rows(run), found.row[run])
    np.testing.assert_array_equal(found.offsets(run), found.offset_ticks[run])
    assert found.row.dtype == found.offset_ticks.dtype == np.int64


def test_postings_of_one_token_stay_in_their_order() -> None:
    rows = np.random.default_rng(2).integers(0, 4, 1000).tolist()
    entries = [(row, 1, number) for number, row in enumerate(rows)]
    found = matching.sorted_by_token(postings_of(entries))
    assert found.frame.tolist() == sorted(range(1000), key=rows.__getitem__)


def test_where_no_hash_is_known_the_usual_weight_is_one() -> None:
    assert looked_up(query_of([(1, 0)]), []).usual_weight == 1.0


# Ranking


@st.composite
def _searches(draw: st.DrawFn) -> tuple[QueryHashes, list[tuple[int, int, int]]]:
    """Draw a query of up to 40 ticks and an index in which tokens come again, near and far."""
    pairs = draw(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=25))
    query = query_of(sorted(pairs), draw(st.sampled_from([1, 2])))
    entry = st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(0, 3), st.integers(0, 9))
    drawn = sorted(draw(st.sets(entry, max_size=60)))
    return query, [(token, song, 100 * hundred + rest) for token, song, hundred, rest in drawn]


@settings(deadline=None, max_examples=100)
@given(_searches(), st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.integers(1, 12))
def test_candidates_equal_the_loops(
    search: tuple[QueryHashes, list[tuple[int, int, int]]],
    offset_tolerance_frames: float,
    n_candidates: int,
) -> None:
    query, entries = search
    query_config = QueryConfig(
        offset_tolerance_frames=offset_tolerance_frames, n_candidates=n_candidates, n_offsets=100
    )
    tokens = np.unique(query.token).tolist()
    rows = [(tokens.index(t), song, frame) for t, song, frame in entries if t in tokens]
    expected = naive.candidates(
        naive.hits(query, tokens, postings_of(rows)),
        query,
        width_ticks=int(2 * offset_tolerance_frames * query.ticks_per_frame),
        n_candidates=n_candidates,
        n_offsets=100,
    )
    got = _rows(ranked(query, entries, query_config))
    for one, other in zip(got, expected, strict=True):
        assert one == pytest.approx(other)


@settings(deadline=None, max_examples=100)
@given(_searches(), st.integers(1, 5))
def test_fewer_offsets_are_the_first_of_all(
    search: tuple[QueryHashes, list[tuple[int, int, int]]], n_offsets: int
) -> None:
    every = _rows(ranked(*search, QueryConfig(n_offsets=100)))
    few = _rows(ranked(*search, QueryConfig(n_offsets=n_offsets)))
    songs = list(dict.fromkeys(row[0] for row in every))
    assert few == [row for song in songs for row in [r for r in every if r[0] == song][:n_offsets]]


def test_hits_at_one_offset_win_over_chance() -> None:
    query, entries = planted()
    found = ranked(query, entries)
    assert found.song_id[0] == 4
    assert found.offset_ticks[0] == pytest.approx(500, abs=0.5)
    assert 30 <= found.votes[0] <= 34
    assert found.idf[0] > 3 * found.idf[1]
    assert found.contrast[0] > 3
    assert found.contrast[1:].max() < 1.5
    assert len(found) == 8


def test_a_query_that_begins_later_has_a_later_offset() -> None:
    query, entries = planted()
    before = ranked(query, entries)
    pairs = list(zip(query.token.tolist(), query.tick.tolist(), strict=True))
    for by in (1, 17, 300):
        after = ranked(query_of([(token, tick + by) for token, tick in pairs]), entries)
        np.testing.assert_array_equal(after.song_id, before.song_id)
        np.testing.assert_allclose(after.offset_ticks, before.offset_ticks - by, atol=1e-9)
        np.testing.assert_array_equal(after.votes, before.votes)


def test_ticks_finer_than_a_frame_give_the_offset_in_ticks() -> None:
    query = query_of([(1, 1), (2, 5), (3, 9)], ticks_per_frame=4)
    found = ranked(query, [(1, 6, 100), (2, 6, 101), (3, 6, 102)])
    assert found.offset_ticks.tolist() == pytest.approx([399.0])
    assert found.votes.tolist() == [3]


@pytest.mark.parametrize("ticks_per_frame", [1, 2, 4])
@pytest.mark.parametrize(
    ("tolerance_frames", "apart_frames", "together"),
    [(0.0, 0, True), (0.0, 1, False), (0.5, 1, True), (1.0, 2, True), (1.0, 3, False)],
)
def test_votes_within_the_tolerance_of_one_offset_count_together(
    ticks_per_frame: int, tolerance_frames: float, apart_frames: int, together: bool
) -> None:
    query = query_of([(1, 0), (2, 0)], ticks_per_frame)
    query_config = QueryConfig(offset_tolerance_frames=tolerance_frames)
    found = ranked(query, [(1, 6, 50), (2, 6, 50 + apart_frames)], query_config)
    assert found.votes.tolist() == ([2] if together else [1, 1])


@pytest.mark.parametrize("tolerance_frames", [0.3, 0.75, 1.3])
def test_votes_further_apart_than_twice_the_tolerance_do_not_count_together(
    tolerance_frames: float,
) -> None:
    apart = math.floor(2 * tolerance_frames) + 1
    query_config = QueryConfig(offset_tolerance_frames=tolerance_frames)
    found = ranked(query_of([(1, 0), (2, 0)]), [(1, 6, 50), (2, 6, 50 + apart)], query_config)
    assert found.votes.tolist() == [1, 1]


def test_a_song_that_is_there_twice_is_named_by_its_lower_id() -> None:
    query, entries = planted()
    of_four = [(token, frame) for token, song, frame in entries if song == 4]
    for twin in (2_000_000_000_000, 0):
        found = ranked(query, [*((token, twin, frame) for token, frame in of_four), *entries])
        assert found.song_id[:2].tolist() == sorted([twin, 4])
        assert found.idf[0] == found.idf[1]
        assert found.offset_ticks[0] == found.offset_ticks[1]


def test_the_order_of_the_postings_does_not_matter() -> None:
    query, entries = planted()
    one, other = ranked(query, entries), ranked(query, entries[::-1])
    for name in COLUMNS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)


def test_a_song_is_given_at_several_offsets_the_heaviest_first() -> None:
    query = query_of([(token, 0) for token in range(9)])
    entries = [(token, 6, 100) for token in range(2)]
    entries += [(token, 6, 900) for token in range(2, 6)]
    entries += [(token, 6, 500) for token in range(6, 9)]
    found = ranked(query, entries, QueryConfig(n_offsets=2))
    assert found.song_id.tolist() == [6, 6]
    assert found.offset_ticks.tolist() == pytest.approx([900.0, 500.0])
    assert found.votes.tolist() == [4, 3]


def test_places_may_be_more_than_the_hashes_of_the_query() -> None:
    entries = [(1, 6, 100), (2, 6, 100), (1, 6, 500), (1, 6, 900)]
    found = ranked(query_of([(1, 0), (2, 0)]), entries, QueryConfig(n_offsets=5))
    assert found.offset_ticks.tolist() == [100.0, 500.0, 900.0]
    assert found.votes.tolist() == [2, 1, 1]


def test_only_the_heaviest_songs_are_given() -> None:
    query, entries = planted()
    all_songs = ranked(query, entries)
    few = ranked(query, entries, QueryConfig(n_candidates=3, n_offsets=1))
    np.testing.assert_array_equal(few.song_id, all_songs.song_id[:3])
    np.testing.assert_array_equal(few.contrast, all_songs.contrast[:3])


def test_a_query_hash_that_meets_its_token_several_times_votes_once() -> None:
    found = ranked(query_of([(1, 0), (2, 0)]), [(1, 6, 50), (1, 6, 51), (1, 6, 52), (2, 6, 51)])
    assert found.votes.tolist() == [2]
    assert found.idf[0] == pytest.approx(2)  # of the two hashes' own mean weight


def test_a_query_hash_counts_once_also_when_songs_are_ranked() -> None:
    entries = [(1, 8, frame) for frame in (50, 51, 52)]
    entries += [(2, 9, 70), (3, 9, 70)]
    found = ranked(query_of([(1, 0), (2, 0), (3, 0)]), entries)
    assert found.votes.tolist() == [2, 1]
    assert found.song_id.tolist() == [9, 8]


def _chance(query: QueryHashes, entries: list[tuple[int, int, int]]) -> float:
    """Return the chance level of a search, in hits of the usual weight."""
    found = ranked(query, entries)
    return float(found.idf[0] / found.contrast[0])


def test_a_true_match_does_not_raise_the_chance_level() -> None:
    query, entries = planted()
    without = [entry for entry in entries if entry not in set(of_the_match(query))]
    assert ranked(query, entries).idf[0] > 4 * ranked(query, without).idf[0]
    assert _chance(query, entries) == pytest.approx(_chance(query, without), rel=0.15)


@pytest.mark.parametrize("n_songs", [3, 20, 150])
def test_the_chance_level_is_what_one_decoy_in_twenty_exceeds(n_songs: int) -> None:
    """So many hits that the level lies above its least, which small examples never leave."""
    query, _ = planted(n_frames=400)
    found = looked_up(query, wrong_songs(n_songs))
    heaviest = matching.warped_weights(found, -1, 2)
    chance = matching.chance_weight(found, heaviest, 2)
    assert chance > 1.5 * matching.MIN_CHANCE_HITS * found.usual_weight
    others = np.arange(n_songs) != np.argmax(heaviest)
    decoys: list[float] = []
    for warp in matching.WARPS:
        if len(decoys) < 100:
            decoys += matching.warped_weights(found, warp, 2)[others].tolist()
    # A quantile lies between two decoys, so that the count is right to one.
    n_above = sum(weight > chance for weight in decoys)
    assert n_above == pytest.approx(len(decoys) / 20, abs=1)


def test_the_chance_level_is_that_of_all_songs_but_the_heaviest() -> None:
    query, _ = planted(n_frames=400)
    entries = [entry for entry in wrong_songs(5) if entry[2] < 400 * (1 + entry[1])]
    found = looked_up(query, entries)  # each song has more hits by chance than the one before
    levels = []
    for heaviest in range(5):
        decoys = [np.delete(matching.warped_weights(found, w, 2), heaviest) for w in matching.WARPS]
        weight = np.where(np.arange(5) == heaviest, 2.0, 1.0)
        levels.append(matching.chance_weight(found, weight, 2))
        assert levels[-1] == pytest.approx(np.quantile(np.concatenate(decoys), 0.95))
    assert len(set(levels)) > 1


def test_the_heaviest_window_of_a_single_song_takes_no_part_in_its_chance_level() -> None:
    # Thirty hits of one moment stay together under any warp; thirty later ones lie apart.
    together = [(token, 0) for token in range(30)]
    apart = [(100 + number, 7 * number + 1) for number in range(30)]
    entries = [(token, 6, 100) for token, _ in together]
    entries += [(100 + number, 6, 1000 + 101 * number) for number in range(30)]
    found = looked_up(query_of(together + apart), entries)
    assert matching.warped_weights(found, 1, 2).tolist() == pytest.approx([30 * found.usual_weight])
    chance = matching.chance_weight(found, np.array([30 * found.usual_weight]), 2)
    assert chance == pytest.approx(matching.MIN_CHANCE_HITS * found.usual_weight)


def test_without_its_heaviest_window_a_song_has_all_its_other_hits() -> None:
    query = query_of([(token, 0) for token in range(5)])
    found = looked_up(query, [(0, 6, 10), (1, 6, 100), (2, 6, 100), (3, 6, 101), (4, 6, 500)])
    rest = matching._without_heaviest(found, 2)
    assert rest.offset_ticks.tolist() == [10, 500]
    assert rest.song_id.tolist() == [6, 6]


def test_decoys_of_a_long_query_are_weighed_in_a_long_song() -> None:
    """Row and offset take 51 of 63 bits together."""
    query = query_of([(token, token) for token in range(20_000)], ticks_per_frame=16)
    found = looked_up(query, [(0, 6, 0), (19_999, 6, 2**31 - 1)])
    assert matching.warped_weights(found, 1, 2).tolist() == [found.usual_weight]


@pytest.mark.parametrize("matched", [False, True], ids=["unknown", "known"])
def test_a_few_songs_have_a_chance_level_like_that_of_many(matched: bool) -> None:
    query, _ = planted(n_frames=400)
    hits_at_chance = []
    for n_songs in (1, 2, 3, 60):
        entries = wrong_songs(n_songs) + (of_the_match(query, song=0) if matched else [])
        hits_at_chance.append(_chance(query, entries))
    assert hits_at_chance == pytest.approx([hits_at_chance[-1]] * 4, rel=0.25)


def test_a_wrong_song_that_is_alone_in_the_index_does_not_stand_out() -> None:
    query, _ = planted(n_frames=400)
    assert ranked(query, wrong_songs(1)).contrast[0] < 1.5
    assert ranked(query, wrong_songs(1) + of_the_match(query, song=0)).contrast[0] > 5


def test_copies_of_the_right_song_take_little_from_its_contrast() -> None:
    query, entries = planted()
    copies = [
        (token, 100 + copy, frame)
        for copy in range(5)
        for token, song, frame in entries
        if song == 4
    ]
    once, again = ranked(query, entries), ranked(query, entries + copies)
    assert again.votes[:6].tolist() == [once.votes[0]] * 6
    assert again.contrast[0] > 0.7 * once.contrast[0]


@pytest.mark.parametrize("ticks_per_frame", [1, 3])
def test_nothing_asked_or_nothing_found_gives_no_candidates(ticks_per_frame: int) -> None:
    for query in (query_of([], ticks_per_frame), query_of([(1, 0), (5, 2)], ticks_per_frame)):
        found = ranked(query, [(2, 6, 50)])
        assert len(found) == 0
        for name, dtype in Candidates._DTYPES.items():
            assert getattr(found, name).dtype == dtype


@settings(deadline=None, max_examples=100)
@given(_searches(), st.integers(0, 4))
def test_time_as_it_was_heard_is_no_warp(
    search: tuple[QueryHashes, list[tuple[int, int, int]]], width_ticks: int
) -> None:
    found = looked_up(*search)
    rows = (found.row, found.song_id, found.frame, found.offset_ticks, found.weight)
    listed = list(zip(*(column.tolist() for column in rows), strict=True))
    got = matching.warped_weights(found, -1, width_ticks)
    expected = naive.heaviest_windows(listed, width_ticks)
    assert dict(zip(found.song_ids.tolist(), got.tolist(), strict=True)) == expected


def test_hits_at_an_offset_are_those_within_half_the_width() -> None:
    entries = [(1, 6, frame) for frame in (47, 48, 50, 52, 53)] + [(1, 5, 50), (1, 7, 50)]
    found = looked_up(query_of([(1, 0)]), entries)
    assert found.frame[matching.hits_of_song(found, 6)].tolist() == [47, 48, 50, 52, 53]
    there = matching.hits_at_offset(found, 6, 50.0, 4)
    assert found.frame[there].tolist() == [48, 50, 52]
    assert set(found.song_id[there].tolist()) == {6}
    nowhere = matching.hits_at_offset(found, 99, 50.0, 4)
    assert len(found.row[nowhere]) == 0
