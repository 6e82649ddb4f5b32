"""Interruptions: planted lines, and the heaviest of all pairs of lines by trying every place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.config import QueryConfig
from fpcore.records import Candidates, Postings, QueryHashes
from fpcore.search import interruptions
from fpcore.search.interruptions import NEARLY, Interruption, Searched, interruption
from fpcore.stages import matching

WIDTH = 2
SHORTEST = 5.0
ASKED = QueryConfig(n_candidates=3, n_offsets=4, n_shifts=1)

Line = tuple[int, float, Sequence[int]]
"""A song, an offset in ticks, and the ticks of the votes there."""


def _searched(
    lines: Sequence[Line], first: int = 0, last: int = 100, *, chance: float = 2.0
) -> Searched:
    """Return a window in which every line is a candidate and each of its votes weighs 1."""
    hits = [(tick, song, round(offset)) for song, offset, ticks in lines for tick in ticks]
    found = Candidates(
        np.array([song for song, _, _ in lines], np.int64),
        np.array([offset for _, offset, _ in lines], np.float64),
        np.array([len(ticks) for _, _, ticks in lines], np.int64),
        np.array([len(ticks) for _, _, ticks in lines], np.float64),
        np.full(len(lines), chance),
    )
    return Searched(_hits(hits), found, first, last)


def _hits(hits: Sequence[tuple[int, int, int]]) -> matching.Hits:
    """Return hits, each of a hash of its own, that are given by tick, song and offset."""
    tick, song, offset = np.array(hits, np.int64).reshape(-1, 3).T
    query = QueryHashes(np.arange(len(hits)), tick.astype(np.int32), 1)
    postings = Postings(np.arange(len(hits)), song, (offset + tick).astype(np.int32))
    return matching.hits(query, query.token, postings)


def _told(*windows: Searched, shortest: float = SHORTEST) -> Interruption | None:
    return interruption(windows, width_ticks=WIDTH, shortest_ticks=shortest)


def _places(windows: Sequence[Searched]) -> Iterator[Interruption]:
    """Yield every interruption that may be told, by trying each start between each two lines."""
    lines = [
        (number, window, row)
        for number, window in enumerate(windows)
        for row in range(len(window.candidates))
        if window.candidates.idf[row] > window.candidates.chance[row]
    ]
    for number_before, before, i in lines:
        for number_after, after, j in lines:
            if before.candidates.song_id[i] != after.candidates.song_id[j]:
                continue
            offsets = before.candidates.offset_ticks[i], after.candidates.offset_ticks[j]
            length = round(float(offsets[0] - offsets[1]))
            if length < SHORTEST:
                continue
            for start in range(before.first, before.last + 1):
                sides = (
                    sum(weight for tick, weight in _votes(before, i) if tick < start),
                    sum(weight for tick, weight in _votes(after, j) if tick >= start + length),
                )
                if (
                    start + length >= after.first
                    and sides[0] > before.candidates.chance[i]
                    and sides[1] > after.candidates.chance[j]
                ):
                    yield Interruption(
                        start, start + length, number_before, number_after, sum(sides)
                    )


def _votes(window: Searched, row: int) -> list[tuple[int, float]]:
    """Return tick and weight of each hash that votes for a candidate."""
    hits, found = window.hits, window.candidates
    voting = {
        int(hits.row[hit])
        for hit in range(len(hits))
        if hits.song_id[hit] == found.song_id[row]
        and abs(hits.offset_ticks[hit] - found.offset_ticks[row]) <= WIDTH / 2
    }
    return [(int(hits.query.tick[one]), hits.weights[one] / hits.usual_weight) for one in voting]


@st.composite
def _windows(draw: st.DrawFn) -> list[Searched]:
    windows = []
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.integers(0, 20))
        length = draw(st.integers(5, 20))
        ticks = sorted(draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=12)))
        token = draw(st.lists(st.integers(0, 8), min_size=len(ticks), max_size=len(ticks)))
        query = QueryHashes(np.array(token), np.array(ticks, np.int32) + np.int32(first), 1)
        tokens = np.unique(query.token)
        posting = st.tuples(st.integers(0, len(tokens) - 1), st.integers(1, 2), st.integers(30, 60))
        row, song, frame = np.array(sorted(draw(st.lists(posting, min_size=1, max_size=30)))).T
        found = matching.hits(query, tokens, Postings(row, song, frame.astype(np.int32)))
        candidates = matching.rank(found, ASKED)
        chance = np.full(len(candidates), draw(st.sampled_from([0.4, 1.1])))
        windows.append(Searched(found, replace(candidates, chance=chance), first, first + length))
    return windows


@settings(deadline=None, max_examples=150)
@given(_windows())
def test_the_longest_of_the_heaviest_is_told_of_all_places(windows: list[Searched]) -> None:
    told = _told(*windows)
    places = list(_places(windows))
    if told is None:
        assert not places
        return
    most = max(one.idf for one in places)
    # Of lines that are equally far apart, several may be interrupted at the place that is told.
    at_place = max(one.idf for one in places if replace(one, idf=told.idf) == told)
    assert told.idf == pytest.approx(at_place)
    assert told.idf >= NEARLY * most * (1 - 1e-9)
    # A length is tried by each two lines at their best place alone.
    lengths: dict[int, float] = {}
    for one in places:
        length = one.end - one.start
        lengths[length] = max(lengths.get(length, 0.0), one.idf)
    nearly = [length for length, idf in lengths.items() if idf > NEARLY * most * (1 + 1e-9)]
    assert told.end - told.start >= max(nearly, default=0)


@pytest.mark.parametrize(("first_after", "start"), [(60, 20), (61, 20), (62, 21), (40, 10)])
def test_an_interruption_lies_in_the_middle_of_what_no_vote_tells(
    first_after: int, start: int
) -> None:
    window = _searched([(7, 400.0, range(10)), (7, 370.0, range(first_after, first_after + 10))])
    assert _told(window) == Interruption(start, start + 30, 0, 0, 20.0)


def test_an_interruption_is_as_long_as_the_offset_falls_to_a_tick() -> None:
    window = _searched([(7, 400.3, range(10)), (7, 370.9, range(60, 70))])
    told = _told(window)
    assert told is not None
    assert told.end - told.start == 29


def test_an_interruption_lies_where_both_windows_reach() -> None:
    before = [(7, 400.0, range(10))]
    after = [(7, 370.0, range(60, 70))]
    # Without windows it could start from 10 to 30.
    assert _told(_searched(before, 0, 16), _searched(after, 0, 100)) == Interruption(
        13, 43, 0, 1, 20.0
    )
    assert _told(_searched(after, 56, 100), _searched(before, 0, 100)) == Interruption(
        28, 58, 1, 0, 20.0
    )
    assert _told(_searched(before, 0, 22), _searched(after, 52, 100)) == Interruption(
        22, 52, 0, 1, 20.0
    )
    assert _told(_searched(before, 0, 22), _searched(after, 53, 100)) is None


def test_what_costs_the_fewest_votes_is_taken_out() -> None:
    # The line of before has three votes where that of after is heard already.
    before = [*range(10), 33, 34, 35]
    window = _searched([(7, 400.0, before), (7, 370.0, range(60, 70))])
    assert _told(window) == Interruption(20, 50, 0, 0, 20.0)
    window = _searched([(7, 400.0, [*before, *range(40, 50)]), (7, 370.0, range(60, 70))])
    assert _told(window) == Interruption(20, 50, 0, 0, 20.0)
    window = _searched([(7, 400.0, [*before, 36, 37, 38]), (7, 370.0, [60, 61, *range(69, 79)])])
    assert _told(window) == Interruption(39, 69, 0, 0, 26.0)


def test_no_moment_of_a_song_counts_on_both_sides() -> None:
    window = _searched([(7, 400.0, [1, 2, 3, 4, 5]), (7, 370.0, [35, 36, 37, 38, 39])])
    assert _told(window) == Interruption(5, 35, 0, 0, 9.0)


def test_only_a_song_that_goes_on_where_it_stopped_is_interrupted() -> None:
    line = (7, 400.0, range(10))
    later = range(60, 70)
    assert _told(_searched([line, (7, 370.0, later)])) is not None
    assert _told(_searched([line, (7, 430.0, later)])) is None  # it skips what lies between
    assert _told(_searched([line, (8, 370.0, later)])) is None  # another song
    assert _told(_searched([(7, 400.0, later), (7, 370.0, range(10))])) is None  # it goes back
    assert _told(_searched([line])) is None
    assert _told() is None


def test_an_interruption_has_a_least_length() -> None:
    window = _searched([(7, 400.0, range(10)), (7, 395.0, range(60, 70))])
    assert _told(window, shortest=5.0) is not None
    assert _told(window, shortest=5.1) is None


@pytest.mark.parametrize("n_votes", [(3, 9), (9, 3)])
def test_votes_on_both_sides_outweigh_chance(n_votes: tuple[int, int]) -> None:
    n_before, n_after = n_votes
    lines = [(7, 400.0, range(n_before)), (7, 370.0, range(60, 60 + n_after))]
    assert _told(_searched(lines, chance=2.9)) is not None
    assert _told(_searched(lines, chance=3.0)) is None


@pytest.mark.parametrize("n_votes", [(3, 9), (9, 3)])
def test_votes_where_the_other_line_is_heard_do_not_outweigh_chance(
    n_votes: tuple[int, int],
) -> None:
    n_before, n_after = n_votes
    # Ten more votes of each lie on the wrong side of all of the other line.
    before = [*range(n_before), *range(80, 90)]
    after = [*range(20, 30), *range(60, 60 + n_after)]
    lines = [(7, 400.0, before), (7, 370.0, after)]
    assert _told(_searched(lines, chance=2.9)) == Interruption(
        (n_before + 30) // 2, (n_before + 30) // 2 + 30, 0, 0, 12.0
    )
    assert _told(_searched(lines, chance=3.0)) is None


def test_each_line_is_held_against_the_chance_of_its_own_window() -> None:
    before, after = [(7, 400.0, range(6))], [(7, 370.0, range(60, 64))]
    assert _told(_searched(before, chance=5.0), _searched(after, chance=3.0)) is not None
    assert _told(_searched(before, chance=5.0), _searched(after, chance=4.0)) is None
    assert _told(_searched(before, chance=6.0), _searched(after, chance=3.0)) is None


@pytest.mark.parametrize(("n_votes", "expected"), [(8, 30), (7, 20)])
def test_of_interruptions_that_are_nearly_as_heavy_the_longest_is_told(
    n_votes: int, expected: int
) -> None:
    heavy = [(7, 400.0, range(10)), (7, 380.0, range(50, 60))]
    longer = [(8, 900.0, range(10)), (8, 870.0, range(60, 60 + n_votes))]
    for lines in ([*heavy, *longer], [*longer, *heavy]):
        told = _told(_searched(lines))
        assert told is not None
        assert told.end - told.start == expected
        assert told.idf == (10 + n_votes if expected == 30 else 20)


def test_votes_that_the_other_line_leaves_no_room_for_do_not_count() -> None:
    heavier = [(8, 900.0, range(10)), (8, 880.0, range(50, 61))]
    expected = Interruption(20, 40, 0, 0, 21.0)
    # These lines weigh more in all, but half of their votes lie where the other line is heard.
    crossed = [(9, 700.0, range(20, 37)), (9, 670.0, range(50, 67))]
    assert _told(_searched([*crossed, *heavier])) == expected
    assert _told(_searched([*heavier, *crossed])) == expected


def test_music_that_repeats_itself_takes_few_of_all_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    windows = [
        _searched(
            [
                (7, 2000.0 - 20 * k, (np.sort(rng.choice(200, 40, replace=False)) + first).tolist())
                for k in range(10)
            ],
            first,
            first + 200,
        )
        for first in range(0, 1000, 100)
    ]
    tried = []
    between = interruptions._between

    def counted(*pair: object) -> Interruption | None:
        tried.append(pair)
        return between(*pair)  # type: ignore[arg-type]

    monkeypatch.setattr(interruptions, "_between", counted)
    assert _told(*windows) is not None
    n_pairs = 10 * 10 * 10 * 9 // 2
    assert len(tried) < n_pairs / 20
