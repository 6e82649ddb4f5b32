"""What every store answers, whatever its engine: look-ups, lists of songs, and figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreError, UnknownSongError
from fpcore.records import Hashes
from fpcore.stages.hashing import to_text
from fpcore.store import NewSong, Store
from fpcore.store.codec import CHUNK_ROWS
from tests.fpcore.store.material import (
    PACKED,
    Engine,
    bare,
    entry,
    no_peaks,
    postings_of,
    rows,
    scan,
)


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[Store]:
    with engine(tmp_path / "index.db") as opened:
        yield opened


class TestLookup:
    def test_equals_a_naive_scan(self, store: Store) -> None:
        seeds = range(12)
        added = store.add_songs(entry(seed) for seed in seeds)
        songs = {one.song.id: entry(seed)[1] for seed, one in zip(seeds, added, strict=True)}
        wanted = np.unique(np.concatenate([entry(3)[1].token, np.arange(0, 60 * 1009, 1009)]))
        tokens = np.random.default_rng(0).permutation(wanted)
        expected = scan(songs, tokens)
        assert len(expected) > 500
        assert rows(store.lookup(tokens)) == expected

    def test_finds_nothing_where_nothing_is(self, store: Store) -> None:
        assert len(store.lookup(np.array([5]))) == 0
        store.add_song(*bare("x"))
        assert len(store.lookup(np.empty(0, dtype=np.int64))) == 0
        assert len(store.lookup(np.array([0, 2]))) == 0

    def test_takes_more_tokens_than_fit_in_one_statement(self, store: Store) -> None:
        tokens = np.arange(30_000, dtype=np.int64)
        placed = Hashes(tokens[::7].copy(), np.arange(len(tokens[::7]), dtype=np.int32))
        song = store.add_song(NewSong("n", "c", 1.0), placed, no_peaks()).song
        expected = [(row, song.id, row // 7) for row in range(0, 30_000, 7)]
        assert rows(store.lookup(tokens)) == expected
        backwards = rows(store.lookup(tokens[::-1].copy()))
        assert backwards == sorted((29_999 - row, *rest) for row, *rest in expected)

    def test_takes_a_song_larger_than_one_chunk_of_rows(self, store: Store) -> None:
        n_postings = CHUNK_ROWS + 5000
        tokens = np.random.default_rng(0).integers(0, PACKED.n_tokens, n_postings)
        placed = Hashes(tokens, np.arange(n_postings, dtype=np.int32))
        song = store.add_song(NewSong("long", "l", 9000.0), placed, no_peaks()).song
        assert song.n_fingerprints == n_postings
        some = np.unique(tokens)[::5000]
        assert rows(store.lookup(some)) == scan({song.id: placed}, some)
        assert store.check(full=True).ok
        store.remove(song.id)
        assert store.stats().n_postings == 0
        assert store.check(full=True).ok


class TestSongs:
    def test_are_listed_in_order_of_learning_with_paging(self, store: Store) -> None:
        for name in "cab":
            store.add_song(*bare(name))
        names = [song.name for song in store.songs()]
        assert names == ["c", "a", "b"]
        assert [song.name for song in store.songs(limit=2)] == ["c", "a"]
        assert [song.name for song in store.songs(limit=2, offset=2)] == ["b"]
        assert [song.name for song in store.songs(offset=1)] == ["a", "b"]
        assert store.songs(limit=0) == store.songs(offset=9) == []

    def test_a_negative_limit_or_offset_is_refused(self, store: Store) -> None:
        with pytest.raises(ValueError, match="must be >= 0"):
            store.songs(limit=-1)
        with pytest.raises(ValueError, match="must be >= 0"):
            store.songs(offset=-1)

    def test_are_searched_by_name_in_either_case_and_literally(self, store: Store) -> None:
        for name in ("Été", "été d'après", "100%", "100 percent", "a_b", "axb"):
            store.add_song(*bare(name))

        def found(text: str) -> list[str]:
            assert store.n_songs(name_contains=text) == len(store.songs(name_contains=text))
            return [song.name for song in store.songs(name_contains=text)]

        assert found("ÉTÉ") == ["Été", "été d'après"]
        assert found("100%") == ["100%"]
        assert found("a_b") == ["a_b"]
        assert found("nowhere") == []
        assert store.n_songs(name_contains="") == store.n_songs() == 6

    def test_are_not_searched_for_what_is_no_text(self, store: Store) -> None:
        for ask in (store.find, lambda text: store.songs(name_contains=text)):
            with pytest.raises(StoreError, match="not valid Unicode text"):
                ask("half \udcff")

    def test_an_unknown_id_is_named(self, store: Store) -> None:
        many = (lambda one: store.constellations([one]), lambda one: store.names([one]))
        for ask in (store.song, store.constellation, store.remove, *many):
            for song_id in (7, 0, -1, 2**70):
                with pytest.raises(UnknownSongError, match=rf"no song {song_id} in .*index\.db"):
                    ask(song_id)

    def test_unknown_content_is_none(self, store: Store) -> None:
        assert store.find("never seen") is None

    def test_the_constellation_comes_back_with_rounded_levels(self, store: Store) -> None:
        new, its_hashes, peaks = entry(1)
        stored = store.constellation(store.add_song(new, its_hashes, peaks).song.id)
        np.testing.assert_array_equal(stored.frame, peaks.frame)
        np.testing.assert_array_equal(stored.bin, peaks.bin)
        np.testing.assert_array_equal(stored.paired, peaks.paired)
        # steps of half a decibel: off by a quarter at most
        np.testing.assert_allclose(stored.level_db, peaks.level_db, rtol=0, atol=0.2501)

    def test_names_and_constellations_come_for_many_at_once(self, store: Store) -> None:
        ids = [one.song.id for one in store.add_songs(entry(seed) for seed in range(5))]
        asked = [ids[3], ids[0], ids[3]]
        assert store.names(asked) == {ids[0]: "song 0", ids[3]: "song 3"}
        found = store.constellations(asked)
        assert found.keys() == {ids[0], ids[3]}
        for seed in (0, 3):
            np.testing.assert_array_equal(found[ids[seed]].frame, entry(seed)[2].frame)
        assert store.names([]) == {}
        assert store.constellations([]) == {}
        store.remove(ids[0])
        for ask in (store.names, store.constellations):
            with pytest.raises(UnknownSongError, match=f"no song {ids[0]} in"):
                ask(asked)


class TestFigures:
    def test_stats_count_songs_postings_and_seconds(self, store: Store) -> None:
        empty = store.stats()
        assert (empty.n_songs, empty.n_postings, empty.duration_s) == (0, 0, 0.0)
        store.add_songs(entry(seed) for seed in range(3))
        full = store.stats()
        assert full.n_songs == 3
        assert full.n_postings == sum(len(postings_of(entry(seed)[1])) for seed in range(3))
        assert full.duration_s == pytest.approx(3 * entry(0)[0].duration_s)
        assert full.file_bytes >= (full.lookup_bytes or 0) > 0

    def test_token_stats_equal_a_count_by_hand(self, store: Store) -> None:
        store.add_songs(entry(seed) for seed in range(6))
        every = [token for seed in range(6) for token, _ in postings_of(entry(seed)[1])]
        tokens, counts = np.unique(every, return_counts=True)
        stats = store.token_stats(n_hottest=3)
        assert stats.n_distinct_tokens == len(tokens)
        np.testing.assert_array_equal(np.repeat(stats.n_postings, stats.n_tokens), np.sort(counts))
        assert [hot.n_postings for hot in stats.hottest] == np.sort(counts)[::-1][:3].tolist()
        for hot in stats.hottest:
            assert counts[tokens == hot.token] == [hot.n_postings]
            assert [hot.text] == to_text(np.array([hot.token]), PACKED)
        for share in (0.0, 0.25, 0.5, 0.9, 1.0):
            smallest = stats.quantile(share)
            assert np.mean(counts <= smallest) >= share
            assert smallest == counts.min() or np.mean(counts < smallest) < share

    def test_token_stats_of_an_empty_index_are_zero(self, store: Store) -> None:
        stats = store.token_stats()
        assert (stats.n_distinct_tokens, stats.quantile(0.5), stats.hottest) == (0, 0, ())
