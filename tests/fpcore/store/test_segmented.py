"""The layout of segments: no answer changes, whatever becomes of the files beside the database."""

from __future__ import annotations

import logging
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from fpcore.errors import StoreBusyError, StoreFullError
from fpcore.store import SqliteStore, open_store, segment_folder, segmented
from fpcore.store.segment import COLUMNS, PAGE_BYTES, Segment
from tests.fpcore.store.disks import fill, make_read_only, small_disk
from tests.fpcore.store.material import entry, in_sql, new_store, rows, scan
from tests.fpcore.store.programs import Program
from tests.fpcore.store.snapshots import rewritten

N_SONGS = 20
SONGS = {seed + 1: entry(seed)[1] for seed in range(N_SONGS + 3)}
TOKENS = np.unique(np.concatenate([hashes.token for hashes in SONGS.values()]))[::7]


def naive(*ids: int) -> list[tuple[int, int, int]]:
    """Return what a look-up must find in songs of these ids, song ``seed`` having id seed + 1."""
    return scan({song_id: SONGS[song_id] for song_id in ids}, TOKENS)


EXPECTED = naive(*range(1, N_SONGS + 1))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a closed index of `N_SONGS` songs in two segments and in memory."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmented, "TAIL_SONGS", 9)
        patch.setattr(segment_folder, "TIER_SEGMENTS", 9)
        with new_store(folder / "index.db", layout="segments") as store:
            for first in (0, 9, 18):
                store.add_songs(map(entry, range(first, min(first + 9, N_SONGS))))
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Iterator[SqliteStore]:
    shutil.copytree(made, tmp_path / "index")
    with open_store(tmp_path / "index" / "index.db", None) as opened:
        yield opened


def segments_of(store: SqliteStore) -> list[Path]:
    return sorted(segment_folder.path_of(store.path).glob("*.segment"))


def test_answers_are_those_of_a_scan(store: SqliteStore) -> None:
    assert len(segments_of(store)) == 2
    assert rows(store.lookup(TOKENS)) == EXPECTED
    backwards = TOKENS[::-1].copy()
    assert rows(store.lookup(backwards)) == scan({i: SONGS[i] for i in range(1, 21)}, backwards)
    twice = np.concatenate([TOKENS[:9], TOKENS[:9]])
    assert rows(store.lookup(twice)) == scan({i: SONGS[i] for i in range(1, 21)}, twice)


def test_songs_are_found_and_gone_at_once_in_every_open_store(store: SqliteStore) -> None:
    with open_store(store.path, None) as other:
        assert rows(other.lookup(TOKENS)) == EXPECTED
        store.add_song(*entry(N_SONGS))
        assert rows(other.lookup(TOKENS)) == naive(*range(1, N_SONGS + 2))
        store.remove(3)
        store.remove(N_SONGS + 1)
        in_sql(store.path, "DELETE FROM songs WHERE id = 12")
        left = [song_id for song_id in range(1, N_SONGS + 1) if song_id not in (3, 12)]
        assert rows(other.lookup(TOKENS)) == naive(*left)
        assert rows(store.lookup(TOKENS)) == naive(*left)


def test_removed_songs_vanish_when_segments_are_merged(store: SqliteStore) -> None:
    store.remove(3)
    state = store.snapshot()
    assert state is not None
    assert (state.n_songs, state.n_removed, state.n_newer) == (18, 1, 2)
    merged = store.make_snapshot()
    assert (merged.n_songs, merged.n_removed, merged.n_newer) == (19, 0, 0)
    assert len(segments_of(store)) == 1
    assert rows(store.lookup(TOKENS)) == naive(1, 2, *range(4, N_SONGS + 1))


def test_what_is_missing_is_written_anew(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in segments_of(store):
        path.unlink()
    assert rows(store.lookup(TOKENS)) == EXPECTED
    (path,) = segments_of(store)
    path.unlink()
    with open_store(store.path, None) as other:
        assert rows(other.lookup(TOKENS)) == EXPECTED
    assert len(segments_of(store)) == 1


@pytest.mark.parametrize("name", ["header", "filling of the header", *COLUMNS])
def test_a_changed_octet_is_found_and_never_answered_from(store: SqliteStore, name: str) -> None:
    path = segments_of(store)[0]
    if name in COLUMNS:
        octets = Segment.open(path).columns[name].tobytes()
        at = path.read_bytes().index(octets) + len(octets) // 3
    else:
        at = 40 if name == "header" else PAGE_BYTES - 1
    store.close()

    def spoil(content: bytearray) -> None:
        content[at] ^= 1 << 5

    rewritten(path, spoil)
    with open_store(store.path, None) as opened:
        (problem,) = opened.check(full=True).problems
        assert problem.startswith(f"{path} is damaged (")
        assert problem.endswith("it is not used, and is made anew from the database")
        assert rows(opened.lookup(TOKENS)) == EXPECTED
    with open_store(store.path, None) as again:
        every = np.arange(0, again.config.n_tokens, 1009)[:60]
        assert rows(again.lookup(every)) == scan({i: SONGS[i] for i in range(1, 21)}, every)
        again.make_snapshot()
        assert again.check(full=True).ok


def test_one_that_changes_while_it_is_mapped_is_found(store: SqliteStore) -> None:
    assert rows(store.lookup(TOKENS)) == EXPECTED
    path = segments_of(store)[0]
    with path.open("r+b") as file:
        file.seek(PAGE_BYTES)
        file.write(bytes(PAGE_BYTES))
    assert rows(store.lookup(TOKENS)) == EXPECTED
    assert not store.check().ok


@pytest.mark.parametrize("kept", [0, 1, PAGE_BYTES - 1, PAGE_BYTES, -1, -4096])
def test_one_that_is_cut_short_is_refused(store: SqliteStore, kept: int) -> None:
    rewritten(segments_of(store)[0], lambda content: content[:kept])
    assert rows(store.lookup(TOKENS)) == EXPECTED
    assert not store.check().ok


def test_segments_of_other_indexes_give_nothing(store: SqliteStore, tmp_path: Path) -> None:
    folder = segment_folder.path_of(store.path)
    for kind, first in (("packed", 100), ("text", 0)):  # other songs, another configuration
        with new_store(tmp_path / f"{kind}.db", kind, layout="segments") as other:
            other.add_songs(map(entry, range(first, first + 16)))
        for path in segment_folder.path_of(other.path).glob("*.segment"):
            shutil.copy(path, folder / f"{kind}.segment")
    assert rows(store.lookup(TOKENS)) == EXPECTED
    (problem,) = store.check().problems
    assert "text.segment is of an index with another configuration" in problem
    store.make_snapshot()
    assert len(segments_of(store)) == 1
    assert store.check(full=True).ok


def test_a_backup_put_back_beside_newer_segments_answers_for_itself(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.backup(tmp_path / "kept.db")
    store.remove(20)
    store.add_songs(map(entry, range(100, 120)))
    store.make_snapshot()
    store.close()
    shutil.copy(tmp_path / "kept.db", store.path)
    with open_store(store.path, None) as back:
        assert rows(back.lookup(TOKENS)) == EXPECTED
        back.add_song(*entry(N_SONGS))  # gets the id of another song in the segment
        assert rows(back.lookup(TOKENS)) == naive(*range(1, N_SONGS + 2))


def test_dying_at_any_step_of_a_merge_leaves_nothing_wrong(store: SqliteStore) -> None:
    store.close()
    kept = {path: path.read_bytes() for path in segments_of(store)}
    n_done = 0
    for n_steps in range(0, 28, 2):
        for path in segments_of(store):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        program = Program("merge and die", store.path, n_steps)
        n_done += program.rest() == ["done"]
        assert program.exit_code == -signal.SIGKILL
        with open_store(store.path, None) as opened:
            assert rows(opened.lookup(TOKENS)) == EXPECTED
            assert opened.check(full=True).ok
            assert opened.make_snapshot().n_songs == N_SONGS
            assert rows(opened.lookup(TOKENS)) == EXPECTED
        names = {path.name for path in segment_folder.path_of(store.path).iterdir()}
        assert names == {"writing", "merging", segments_of(store)[0].name}
    assert 0 < n_done < 8  # some were killed, some had done all


def test_where_nothing_can_be_written_answers_come_from_memory(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(tmp_path / "disk", megabytes=4) as disk:
        shutil.copy(made / "index.db", disk / "index.db")
        make_read_only(disk)
        with (
            open_store(disk / "index.db", None) as store,
            caplog.at_level(logging.WARNING, logger=segmented.__name__),
        ):
            for _ in range(3):
                assert rows(store.lookup(TOKENS)) == EXPECTED
    (record,) = caplog.records
    assert (
        "cannot be written to (Read-only file system): look-ups take longer" in record.getMessage()
    )


def test_a_full_disk_leaves_the_segments_that_are_there(made: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=4) as disk:
        shutil.copytree(made, disk / "index")
        with open_store(disk / "index" / "index.db", None) as store:
            before = segments_of(store)
            fill(disk)
            with pytest.raises(StoreFullError, match=r"no room to write .*segments: nothing was"):
                store.make_snapshot()
            assert rows(store.lookup(TOKENS)) == EXPECTED
            assert segments_of(store) == before
            (disk / "ballast").unlink()
            assert store.make_snapshot().n_songs == N_SONGS


def test_look_ups_stay_right_while_songs_and_segments_come_and_go(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmented, "TAIL_SONGS", 3)
    expected, done = naive(1, 2, 12), Event()

    def learn_and_remove() -> None:
        for seed in range(100, 130):
            song = store.add_song(*entry(seed)).song
            if seed % 3:
                store.remove(song.id)

    def merge() -> int:
        n_made = 0
        while not done.is_set():
            with suppress(StoreBusyError):  # whoever learns may be merging
                store.make_snapshot()
            n_made += 1
        return n_made

    def look_up() -> int:
        n_asked = 0
        with open_store(store.path, None) as other:
            while not done.is_set():
                for one in (store, other):
                    found = rows(one.lookup(TOKENS))
                    assert [row for row in found if row[1] in (1, 2, 12)] == expected
                n_asked += 1
        return n_asked

    with ThreadPoolExecutor(4) as threads:
        others = [threads.submit(merge), threads.submit(look_up), threads.submit(look_up)]
        try:
            threads.submit(learn_and_remove).result()
        finally:
            done.set()
        assert all(other.result() > 0 for other in others)
    songs = {song.id: entry(int(song.metadata["seed"]))[1] for song in store.songs()}  # type: ignore[arg-type]
    assert rows(store.lookup(TOKENS)) == scan(songs, TOKENS)


def test_a_song_whose_row_is_damaged_is_named(store: SqliteStore) -> None:
    in_sql(store.path, "UPDATE postings SET postings = x'0102' WHERE song_id = 2")
    assert rows(store.lookup(TOKENS)) == EXPECTED  # a segment has it
    problems = store.check(full=True).problems
    assert any(one.startswith("song 2 has") for one in problems)
    assert any("remove 2` and learn it again" in one for one in problems)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads what is mapped in /proc")
def test_a_closed_store_lets_go_of_its_segments(store: SqliteStore) -> None:
    store.lookup(TOKENS)
    path = str(segments_of(store)[0])
    assert path in Path("/proc/self/maps").read_text()
    store.close()
    assert path not in Path("/proc/self/maps").read_text()


def test_the_spread_of_tokens_is_that_of_the_classic_layout(
    store: SqliteStore, tmp_path: Path
) -> None:
    with new_store(tmp_path / "classic.db") as classic:
        classic.add_songs(map(entry, range(N_SONGS)))
        expected, found = classic.token_stats(n_hottest=70), store.token_stats(n_hottest=70)
    assert found.hottest == expected.hottest
    np.testing.assert_array_equal(found.n_postings, expected.n_postings)
    np.testing.assert_array_equal(found.n_tokens, expected.n_tokens)
