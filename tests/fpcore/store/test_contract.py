"""What every store keeps, whatever its engine: one suite, run over all of them.

What it answers is in `tests.fpcore.store.test_contract_of_reading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreError, UnknownSongError
from fpcore.records import Cut
from fpcore.store import JSON, CheckReport, Entry, NewSong, Store
from tests.fpcore.store.material import (
    PACKED,
    Engine,
    bare,
    entry,
    hashes,
    no_peaks,
    postings_of,
    rows,
    scan,
)


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[Store]:
    with engine(tmp_path / "index.db") as opened:
        yield opened


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

    def test_the_same_fingerprint_from_another_file_is_the_song_that_is_there_unless_allowed(
        self, store: Store
    ) -> None:
        first, other = entry(1), entry(1, checksum="other bytes", name="other")
        song = store.add_song(*first, allow_duplicates=False).song
        assert song.fingerprint_checksum is not None
        again = store.add_song(*other, allow_duplicates=False)
        assert (again.song, again.created, again.known_by) == (song, False, "audio")
        assert again.remark == f'already there as "song 1" (id {song.id}): same audio'
        same_file = store.add_song(*first, allow_duplicates=False)
        assert (same_file.known_by, same_file.remark) == ("file", None)
        assert store.n_songs() == 1
        allowed = store.add_song(*other)
        assert (allowed.created, allowed.known_by) == (True, None)
        assert allowed.song.fingerprint_checksum == song.fingerprint_checksum
        assert store.add_song(*other).known_by == "file"

    def test_a_batch_may_hold_the_same_fingerprint_twice(self, store: Store) -> None:
        batch = [entry(1), entry(1, checksum="other bytes"), entry(2)]
        added = store.add_songs(batch, allow_duplicates=False)
        assert [one.known_by for one in added] == [None, "audio", None]
        assert added[0].song == added[1].song
        assert store.n_songs() == 2
        assert store.check(full=True).ok

    def test_songs_without_a_posting_are_never_the_same(self, store: Store) -> None:
        silent = [(NewSong(name, name, 1.0), hashes(), no_peaks()) for name in ("a", "b")]
        added = store.add_songs(silent, allow_duplicates=False)
        assert [one.created for one in added] == [True, True]

    def test_a_song_says_how_much_there_was_of_its_recording(self, store: Store) -> None:
        song = store.add_song(*entry(1)).song
        assert (song.complete, song.stated_s, song.cut) == (True, None, None)
        for number, stated_s in enumerate((12.0, None)):
            new = NewSong("cut", f"c{number}", 8.0, cut=Cut(8.0, stated_s))
            cut = store.add_song(new, *entry(2 + number)[1:]).song
            assert store.song(cut.id) == cut
            assert (cut.complete, cut.stated_s, cut.cut) == (False, stated_s, Cut(8.0, stated_s))
            assert store.update_metadata(cut.id, {"a": 1}).cut == cut.cut
        report = store.check()
        assert report.ok
        assert len(report.notes) == 2

    def test_a_full_check_compares_what_was_learned(self, store: Store) -> None:
        store.add_songs(entry(seed) for seed in range(3))
        assert store.check(full=True) == CheckReport(())
        assert store.add_checksums() == 0

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

    def test_metadata_comes_back_equal(self, store: Store) -> None:
        metadata: dict[str, JSON] = {
            "nested": [1, 2.5, None, True, {"text": "𝄞 \0 \udcff"}],
            "big": 2**80,
        }
        new = NewSong("n", "c", 1.0, metadata)
        assert store.add_song(new, hashes(), no_peaks()).song.metadata == metadata


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


def test_a_renamed_song_is_the_same_under_its_new_name(engine: Engine, store: Store) -> None:
    first, second = (one.song for one in store.add_songs([entry(1), entry(2)]))
    renamed = store.rename(first.id, "été\n🎸")
    assert renamed == replace(first, name="été\n🎸")
    assert store.songs() == [renamed, second]
    assert store.names([first.id]) == {first.id: "été\n🎸"}
    assert store.songs(name_contains="ÉTÉ") == [renamed]
    assert store.songs(name_contains=first.name) == []
    tokens = np.unique(entry(1)[1].token)
    learned = {first.id: entry(1)[1], second.id: entry(2)[1]}
    assert rows(store.lookup(tokens)) == scan(learned, tokens)
    assert not store.add_song(*entry(1)).created
    assert store.check(full=True).ok
    store.close()
    with engine(store.path) as again:
        assert again.song(first.id) == renamed
        assert rows(again.lookup(tokens)) == scan(learned, tokens)


def test_songs_that_share_a_name_after_a_change_are_told_apart(store: Store) -> None:
    first, second = (one.song for one in store.add_songs([entry(1), entry(2)]))
    store.rename(first.id, second.name)
    assert store.names([first.id, second.id]) == {
        one.id: f"{second.name} (id {one.id})" for one in (first, second)
    }


def test_a_name_that_no_new_song_may_have_is_refused(store: Store) -> None:
    song = store.add_song(*entry(1)).song
    for name in ("a\0b", "half \udcff"):
        with pytest.raises(StoreError, match="the song's name"):
            store.rename(song.id, name)
    with pytest.raises(UnknownSongError):
        store.rename(99, "x")
    assert store.song(song.id) == song


def test_titles_of_tags_replace_no_name_that_was_given(store: Store) -> None:
    by_file: dict[str, JSON] = {"source": "/music/song 1.mp3"}
    plain = store.add_song(replace(entry(1)[0], metadata=by_file), *entry(1)[1:]).song
    given = store.add_song(*entry(2)).song
    (renamed,) = store.rename_by_tags({plain.id: "Ada – Aria", given.id: "x", 99: "gone"})
    assert renamed == store.song(plain.id)
    assert (renamed.name, store.song(given.id)) == ("Ada – Aria", given)
    assert store.rename_by_tags({plain.id: "Ada – Aria"}) == []
    (again,) = store.rename_by_tags({plain.id: "Ada – Waltz"})
    assert again.name == "Ada – Waltz"
    store.rename(plain.id, "song 1")
    assert store.rename_by_tags({plain.id: "Ada – Aria"}) == []
    assert store.check(full=True).ok
