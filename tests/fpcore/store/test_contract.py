"""What every store does, whatever its engine: one suite, run over all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreError, UnknownSongError
from fpcore.records import Constellation, Hashes
from fpcore.stages.hashing import to_text
from fpcore.store import JSON, Entry, NewSong, Store
from tests.fpcore.store.material import (
    PACKED,
    constellation,
    entry,
    new_store,
    postings_of,
    rows,
    scan,
)

Engine = Callable[[Path], Store]
"""Opens the index at a path, a new one if there is none."""

ENGINES: dict[str, Engine] = {
    "sqlite, packed": partial(new_store, kind="packed"),
    "sqlite, text": partial(new_store, kind="text"),
}


@pytest.fixture(params=list(ENGINES.values()), ids=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    return chosen


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[Store]:
    with engine(tmp_path / "index.db") as opened:
        yield opened


def no_peaks() -> Constellation:
    return constellation(0, n_peaks=0)


def hashes(*pairs: tuple[int, int]) -> Hashes:
    return Hashes(
        np.array([token for token, _ in pairs], dtype=np.int64),
        np.array([frame for _, frame in pairs], dtype=np.int32),
    )


def bare(name: str) -> Entry:
    return NewSong(name, f"checksum of {name}", 1.0), hashes((1, 1)), no_peaks()


class TestAdding:
    def test_a_song_comes_back_as_it_went_in(self, store: Store) -> None:
        before = datetime.now(UTC) - timedelta(seconds=1)
        new, its_hashes, peaks = entry(1)
        added = store.add_song(new, its_hashes, peaks)
        song = added.song
        assert added.created
        assert (song.name, song.checksum, song.duration_s) == (
            new.name,
            new.checksum,
            new.duration_s,
        )
        assert song.metadata == {"seed": 1}
        assert song.n_fingerprints == len(postings_of(its_hashes))
        assert before <= song.learned_at <= datetime.now(UTC)
        assert store.song(song.id) == store.find(new.checksum) == store.songs()[0] == song

    def test_the_same_content_again_is_the_song_that_is_there(self, store: Store) -> None:
        first = store.add_song(*entry(1, name="first name")).song
        size = store.stats()
        again = store.add_song(*entry(1, name="another name"))
        assert not again.created
        assert again.song == first
        assert store.stats() == size

    def test_a_batch_may_hold_the_same_content_twice(self, store: Store) -> None:
        once, twice, other = store.add_songs([entry(1), entry(1), entry(2)])
        assert [once.created, twice.created, other.created] == [True, False, True]
        assert once.song == twice.song
        assert store.n_songs() == 2
        assert store.check(full=True).ok

    def test_a_batch_may_mix_known_and_new_songs(self, store: Store) -> None:
        store.add_song(*entry(2))
        added = store.add_songs(entry(seed) for seed in (1, 2, 3))
        assert [one.created for one in added] == [True, False, True]
        assert [one.song.name for one in added] == ["song 1", "song 2", "song 3"]
        tokens = np.unique(entry(3)[1].token)
        by_id = {one.song.id: entry(seed)[1] for seed, one in zip((1, 2, 3), added, strict=True)}
        assert rows(store.lookup(tokens)) == scan(by_id, tokens)
        assert store.check(full=True).ok

    def test_an_empty_batch_is_nothing(self, store: Store) -> None:
        assert store.add_songs([]) == []
        assert store.n_songs() == 0

    def test_a_song_without_hashes_and_peaks_is_a_song(self, store: Store) -> None:
        song = store.add_song(NewSong("silence", "s", 0.0), hashes(), no_peaks()).song
        assert song.n_fingerprints == 0
        assert len(store.constellation(song.id)) == 0
        assert store.check(full=True).ok
        assert store.remove(song.id) == song

    def test_repeated_postings_count_once(self, store: Store) -> None:
        new = NewSong("repeats", "r", 1.0)
        song = store.add_song(new, hashes((7, 1), (7, 1), (7, 2)), no_peaks()).song
        assert song.n_fingerprints == 2
        assert rows(store.lookup(np.array([7]))) == [(0, song.id, 1), (0, song.id, 2)]

    @pytest.mark.parametrize(
        "pair", [(-1, 0), (PACKED.n_tokens, 0), (0, -1)], ids=["token < 0", "token", "frame < 0"]
    )
    def test_what_is_out_of_range_is_refused_with_the_whole_batch(
        self, store: Store, pair: tuple[int, int]
    ) -> None:
        bad = (NewSong("bad", "bad", 1.0), hashes((1, 1), pair), no_peaks())
        with pytest.raises(ValueError, match="must lie in"):
            store.add_songs([entry(1), bad])
        assert store.n_songs() == 0

    def test_tokens_at_both_ends_of_the_range_are_kept(self, store: Store) -> None:
        ends = hashes((0, 0), (PACKED.n_tokens - 1, 2**31 - 2))
        song = store.add_song(NewSong("ends", "e", 1.0), ends, no_peaks()).song
        assert rows(store.lookup(ends.token)) == [(0, song.id, 0), (1, song.id, 2**31 - 2)]
        store.remove(song.id)
        assert rows(store.lookup(ends.token)) == []

    def test_a_failing_source_of_songs_leaves_nothing(self, store: Store) -> None:
        def source() -> Iterator[Entry]:
            yield entry(1)
            raise RuntimeError("decoder died")

        with pytest.raises(RuntimeError, match="decoder died"):
            store.add_songs(source())
        assert store.n_songs() == 0

    def test_the_source_of_songs_may_use_the_store_itself(self, store: Store) -> None:
        def source() -> Iterator[Entry]:
            store.add_song(*entry(1))
            yield entry(2)

        store.add_songs(source())
        assert [song.name for song in store.songs()] == ["song 1", "song 2"]


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "",
            "🎸 été 音楽",
            "'; DROP TABLE songs; --",
            "line\nbreak\r\n",
            "../../etc/passwd",
            "100% _under_ %s {brace} \\",
            "a" * 10_000,
            "e\u0301 is not é",
        ],
    )
    def test_any_other_text_is_kept_verbatim(self, store: Store, name: str) -> None:
        song = store.add_song(*bare(name)).song
        assert store.song(song.id).name == name
        assert song in store.songs(name_contains=name)

    @pytest.mark.parametrize("field", ["name", "checksum"])
    def test_nul_is_refused(self, field: str) -> None:
        texts = {"name": "n", "checksum": "c", field: "before\0after"}
        with pytest.raises(StoreError, match=f"{field} 'before.x00after' holds a NUL"):
            NewSong(texts["name"], texts["checksum"], 1.0)

    def test_half_a_character_is_refused(self) -> None:
        with pytest.raises(StoreError, match="not valid Unicode"):
            NewSong("undecodable \udcff", "c", 1.0)

    @pytest.mark.parametrize("duration_s", [-1.0, math.nan, math.inf])
    def test_an_impossible_duration_is_refused(self, duration_s: float) -> None:
        with pytest.raises(StoreError, match="duration of 'n'"):
            NewSong("n", "c", duration_s)

    def test_an_empty_checksum_is_refused(self) -> None:
        with pytest.raises(StoreError, match="empty checksum"):
            NewSong("n", "", 1.0)

    @pytest.mark.parametrize("depth", [1, 32, 33, 5000])
    def test_metadata_is_nested_as_deep_as_every_program_can_write(self, depth: int) -> None:
        value: JSON = 1
        for level in range(depth - 1):
            value = {"a": value} if level % 2 else [value]
        metadata: dict[str, JSON] = {"top": value}
        if depth <= 32:
            assert NewSong("n", "c", 1.0, metadata).metadata == metadata
        else:
            with pytest.raises(StoreError, match="metadata of 'n' is nested more than 32 levels"):
                NewSong("n", "c", 1.0, metadata)

    @pytest.mark.parametrize("value", [math.nan, object(), {1, 2}], ids=["NaN", "object", "set"])
    def test_metadata_that_is_not_json_is_refused(self, value: object) -> None:
        with pytest.raises(StoreError, match="metadata of 'n' is not JSON"):
            NewSong("n", "c", 1.0, {"key": value})  # type: ignore[dict-item]

    def test_metadata_comes_back_equal(self, store: Store) -> None:
        metadata: dict[str, JSON] = {
            "nested": [1, 2.5, None, True, {"text": "𝄞 \0 \udcff"}],
            "big": 2**80,
        }
        new = NewSong("n", "c", 1.0, metadata)
        assert store.add_song(new, hashes(), no_peaks()).song.metadata == metadata


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
        tokens = np.random.default_rng(0).integers(0, PACKED.n_tokens, 150_000)
        placed = Hashes(tokens, np.arange(150_000, dtype=np.int32))
        song = store.add_song(NewSong("long", "l", 9000.0), placed, no_peaks()).song
        assert song.n_fingerprints == 150_000
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
        assert store.names([]) == store.constellations([]) == {}
        store.remove(ids[0])
        for ask in (store.names, store.constellations):
            with pytest.raises(UnknownSongError, match=f"no song {ids[0]} in"):
                ask(asked)


class TestRemoving:
    def test_takes_all_of_a_song_and_nothing_else(self, store: Store) -> None:
        added = store.add_songs(entry(seed) for seed in range(5))
        gone = added[2].song
        assert store.remove(gone.id) == gone
        rest = {one.song.id: entry(seed)[1] for seed, one in enumerate(added) if seed != 2}
        tokens = np.unique(np.concatenate([entry(seed)[1].token for seed in range(5)]))
        assert rows(store.lookup(tokens)) == scan(rest, tokens)
        assert store.find(gone.checksum) is None
        assert store.n_songs() == 4
        assert store.check(full=True).ok

    def test_an_id_is_never_given_twice(self, store: Store) -> None:
        last = store.add_songs([entry(1), entry(2)])[1].song
        store.remove(last.id)
        again = store.add_song(*entry(2))
        assert again.created
        assert again.song.id > last.id

    def test_a_removed_song_can_be_learned_again(self, store: Store) -> None:
        store.remove(store.add_song(*entry(1)).song.id)
        song = store.add_song(*entry(1)).song
        tokens = np.unique(entry(1)[1].token)
        assert rows(store.lookup(tokens)) == scan({song.id: entry(1)[1]}, tokens)

    def test_clear_empties_the_index_and_says_how_many_there_were(self, store: Store) -> None:
        last = store.add_songs(entry(seed) for seed in range(4))[-1].song
        assert store.clear() == 4
        assert store.songs() == []
        assert store.stats().n_postings == 0
        assert len(store.lookup(np.unique(entry(0)[1].token))) == 0
        assert store.check(full=True).ok
        assert store.add_song(*entry(9)).song.id > last.id
        assert store.clear() == 1
        assert store.clear() == 0


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

    def test_a_share_outside_its_range_is_refused(self, store: Store) -> None:
        with pytest.raises(ValueError, match=r"share must lie in \[0, 1\]"):
            store.token_stats().quantile(1.5)


class TestLife:
    def test_what_was_written_is_there_when_opened_again(
        self, engine: Engine, store: Store
    ) -> None:
        song = store.add_song(*entry(1)).song
        store.close()
        with engine(store.path) as again:
            assert again.songs() == [song]
            assert again.config == store.config

    def test_a_closed_store_says_so(self, store: Store) -> None:
        store.close()
        store.close()
        for call in (store.songs, store.stats, store.check, store.clear):
            with pytest.raises(StoreError, match=r"index\.db was closed"):
                call()

    def test_a_backup_is_an_index_of_its_own(
        self, engine: Engine, store: Store, tmp_path: Path
    ) -> None:
        song = store.add_song(*entry(1)).song
        store.backup(tmp_path / "copy.db")
        store.clear()
        with engine(tmp_path / "copy.db") as copy:
            assert copy.songs() == [song]
            assert copy.check(full=True).ok
            copy.add_song(*entry(2))
        assert store.n_songs() == 0
        assert [path.name for path in tmp_path.glob("*copy*")] == ["copy.db"]

    def test_a_backup_overwrites_nothing(self, store: Store, tmp_path: Path) -> None:
        target = tmp_path / "precious.txt"
        target.write_text("mine")
        for path in (target, store.path):
            with pytest.raises(StoreError, match="exists already"):
                store.backup(path)
        assert target.read_text() == "mine"
        assert store.check().ok

    def test_a_backup_needs_its_folder(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"there is no folder .*nowhere"):
            store.backup(tmp_path / "nowhere" / "copy.db")


def test_metadata_can_be_added_to_a_song_and_is_refused_as_for_a_new_one(store: Store) -> None:
    song, hashes, peaks = entry(1)
    added = store.add_song(
        NewSong(song.name, song.checksum, song.duration_s, {"a": 1, "b": 2}), hashes, peaks
    ).song
    changed = store.update_metadata(added.id, {"b": 3, "c": "ü"})
    assert changed == store.song(added.id)
    assert changed.metadata == {"a": 1, "b": 3, "c": "ü"}
    with pytest.raises(StoreError, match="is not JSON"):
        store.update_metadata(added.id, {"a": float("nan")})
    with pytest.raises(UnknownSongError):
        store.update_metadata(99, {"a": 1})
    assert store.song(added.id) == changed
