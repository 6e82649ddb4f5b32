"""Random sequences of operations on a real index behave like a dict of songs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from fpcore.errors import UnknownSongError
from fpcore.records import Hashes
from fpcore.store import Entry, NewSong, SqliteStore, segment_folder, segmented, snapshot
from fpcore.store.layout import LayoutName
from tests.fpcore.store.material import CONFIGS, constellation, new_store, postings_of, rows, scan

MAX_TOKEN = 30
"""So few tokens that songs share most of them."""

IN_MEMORY = Path("/dev/shm")
"""Where some systems have a disk in memory: most of the time would go into waiting for another."""

contents = st.tuples(
    st.integers(0, 12),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    st.lists(st.tuples(st.integers(0, MAX_TOKEN), st.integers(0, 50)), max_size=25),
)


def entry_of(content: tuple[int, str, list[tuple[int, int]]]) -> Entry:
    number, name, pairs = content
    pairs = sorted(pairs, key=lambda pair: pair[1])
    hashes = Hashes(
        np.array([token for token, _ in pairs], dtype=np.int64),
        np.array([frame for _, frame in pairs], dtype=np.int32),
    )
    return NewSong(name, f"checksum {number}", number / 2), hashes, constellation(number)


class StoreMachine(RuleBasedStateMachine):
    """A store beside ``model``: song id -> entry."""

    ids = Bundle("ids")
    layout: LayoutName = "classic"

    def opened(self) -> SqliteStore:
        return new_store(self.path, self.kind, layout=self.layout)

    @initialize(kind=st.sampled_from(sorted(CONFIGS)))
    def begin(self, kind: str) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
        self.kind = kind
        self.path = Path(self.folder.name) / "index.db"
        self.store = self.opened()
        self.model: dict[int, Entry] = {}
        self.ever: set[int] = set()

    @rule(target=ids, batch=st.lists(contents, max_size=4))
    def add(self, batch: list[tuple[int, str, list[tuple[int, int]]]]) -> object:
        entries = [entry_of(content) for content in batch]
        for given, added in zip(entries, self.store.add_songs(iter(entries)), strict=True):
            known = [
                song_id
                for song_id, (song, _, _) in self.model.items()
                if song.checksum == given[0].checksum
            ]
            assert added.created == (not known)
            if known:
                assert [added.song.id] == known
            else:
                assert added.song.id not in self.ever
                self.ever.add(added.song.id)
                self.model[added.song.id] = given
        return multiple(*self.model)

    @rule(song_id=consumes(ids))
    def remove(self, song_id: int) -> None:
        if song_id in self.model:
            assert self.store.remove(song_id).name == self.model.pop(song_id)[0].name
        else:
            with pytest.raises(UnknownSongError):
                self.store.remove(song_id)

    @rule()
    def clear(self) -> None:
        assert self.store.clear() == len(self.model)
        self.model.clear()

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self.opened()

    @rule()
    def go_on_with_a_backup(self) -> None:
        copy = self.path.with_name(f"{self.path.stem}+.db")
        self.store.backup(copy)
        self.store.close()
        self.path = copy
        self.store = self.opened()

    @rule(tokens=st.lists(st.integers(0, MAX_TOKEN + 2), unique=True))
    def look_up(self, tokens: list[int]) -> None:
        wanted = np.array(tokens, dtype=np.int64)
        hashes = {song_id: hashes for song_id, (_, hashes, _) in self.model.items()}
        assert rows(self.store.lookup(wanted)) == scan(hashes, wanted)

    @rule(text=st.text(max_size=2))
    def search(self, text: str) -> None:
        found = [song.id for song in self.store.songs(name_contains=text)]
        assert found == [
            song_id
            for song_id, (song, _, _) in sorted(self.model.items())
            if text.casefold() in song.name.casefold()
        ]

    @invariant()
    def songs_are_those_of_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        found = {song.id: song for song in self.store.songs()}
        assert found.keys() == self.model.keys()
        for song_id, (song, hashes, peaks) in self.model.items():
            assert found[song_id].name == song.name
            assert found[song_id].n_fingerprints == len(postings_of(hashes))
            np.testing.assert_array_equal(self.store.constellation(song_id).bin, peaks.bin)
        stats = self.store.stats()
        assert stats.n_songs == len(self.model)
        assert stats.n_postings == sum(song.n_fingerprints for song in found.values())

    def teardown(self) -> None:
        if hasattr(self, "store"):
            assert self.store.check(full=True).ok
            self.store.close()
            self.folder.cleanup()


StoreMachine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, derandomize=True
)
TestStoreBehavesLikeADict = StoreMachine.TestCase


class SnapshotMachine(StoreMachine):
    """Look-ups equal the model's, whatever becomes of songs, snapshots and backups."""

    @rule()
    def make_snapshot(self) -> None:
        made = self.store.make_snapshot()
        assert made.refusal is None
        assert made.n_songs == len(self.model)

    @rule()
    def keep_a_backup(self) -> None:
        kept = self.path.with_name("kept")
        kept.unlink(missing_ok=True)
        self.store.backup(kept)
        self.kept = (kept, dict(self.model), set(self.ever), self.kind)

    @rule()
    def put_the_backup_back(self) -> None:
        """And leave the snapshot: from here on, ids of its songs may be given again."""
        if not hasattr(self, "kept"):
            return
        kept, model, ever, _ = self.kept
        self.store.close()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copy(kept, self.path)
        self.model, self.ever = dict(model), set(ever)
        self.store = self.opened()

    @rule()
    def take_the_snapshot_elsewhere(self) -> None:
        """Go on with a copy of the index, and with a copy of the snapshot."""
        before = snapshot.path_of(self.path)
        self.go_on_with_a_backup()
        if before.exists():
            shutil.copy(before, snapshot.path_of(self.path))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.make_snapshot()  # in place of one that was left by another state
        super().teardown()


SnapshotMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, derandomize=True
)
TestWithSnapshotsAStoreBehavesLikeADict = SnapshotMachine.TestCase


class SegmentsMachine(StoreMachine):
    """Look-ups equal the model's, whatever becomes of segments, their files and backups."""

    layout = "segments"

    @rule()
    def put_a_backup_back(self) -> None:
        """And leave the segments: from here on, ids of their songs may be given again."""
        kept = self.path.with_name("kept")
        if not hasattr(self, "kept"):
            self.store.backup(kept)
            self.kept = dict(self.model), set(self.ever)
            return
        self.store.close()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        kept.replace(self.path)
        self.model, self.ever = self.kept
        del self.kept
        self.store = self.opened()

    @rule()
    def make_one_of_all(self) -> None:
        made = self.store.make_snapshot()
        assert (made.n_songs, made.n_removed, made.n_newer) == (len(self.model), 0, 0)

    @rule(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def spoil_a_bit(self, share: float, bit: int) -> None:
        files = sorted(segment_folder.path_of(self.path).glob("*.segment"))
        if files:
            with files[0].open("r+b") as file:  # not cut short: it may be read by a merge
                place = int(share * files[0].stat().st_size)
                file.seek(place)
                (octet,) = file.read(1)
                file.seek(place)
                file.write(bytes([octet ^ 1 << bit]))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.make_snapshot()  # without what was spoiled
        super().teardown()


SegmentsMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, derandomize=True
)


class TestWithSegmentsAStoreBehavesLikeADict(SegmentsMachine.TestCase):  # type: ignore[misc]
    @pytest.fixture(autouse=True)
    def _few_songs_are_a_segment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(segmented, "TAIL_SONGS", 2)
