"""The content of one index put in the place of another's, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreBusyError, StoreError
from fpcore.store import SqliteStore, open_store, swapping
from fpcore.store.segment_folder import path_of
from tests.fpcore.store.material import PACKED, TEXT, entry, files_in, in_sql, new_store


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The closed index of two songs, of another configuration than that at ``path``."""
    new = tmp_path / "new.db"
    with new_store(new, "text") as store:
        store.add_songs([entry(5), entry(6)])
    return new


def _swapped(new: Path, old: Path, expected: swapping.Inventory) -> bool:
    return swapping.swap(new, old, expected=expected, busy_timeout_s=0.05)


def test_an_inventory_names_the_configuration_and_the_songs(path: Path) -> None:
    found = swapping.inventory(path, 0.05)
    assert (found.digest, [song.name for song in found.songs]) == (PACKED.digest, ["song 1"])
    assert found == swapping.inventory(path, 0.05)


def test_an_inventory_needs_no_configuration_that_can_be_read(path: Path) -> None:
    in_sql(path, "UPDATE meta SET value = '?' WHERE key = 'config'")
    assert len(swapping.inventory(path, 0.05).songs) == 1
    with pytest.raises(StoreError, match="cannot read"):
        open_store(path, None)


def test_an_inventory_of_what_is_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no index at"):
        swapping.inventory(tmp_path / "nowhere.db", 0.05)
    in_sql(tmp_path / "mail.db", "CREATE TABLE mails (id INTEGER)")
    with pytest.raises(StoreError, match="is a database of another application"):
        swapping.inventory(tmp_path / "mail.db", 0.05)


def test_the_old_file_gets_the_new_content_and_the_new_one_goes(path: Path, new: Path) -> None:
    inode, songs = path.stat().st_ino, swapping.inventory(new, 0.05).songs
    assert _swapped(new, path, swapping.inventory(path, 0.05))
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_ino == inode
    with open_store(path, TEXT) as store:
        assert store.songs() == songs
        assert store.check(full=True).ok


def test_an_index_that_has_changed_since_is_left_alone(path: Path, new: Path) -> None:
    expected = swapping.inventory(path, 0.05)
    with open_store(path, None) as store:
        store.update_metadata(1, {"since": "then"})
    before = files_in(path.parent)
    assert not _swapped(new, path, expected)
    assert files_in(path.parent) == before


@pytest.mark.parametrize("name", ["index.db", "new.db"])
def test_neither_may_be_open_in_another_program(path: Path, new: Path, name: str) -> None:
    expected = swapping.inventory(path, 0.05)
    with open_store(path.parent / name, None) as store:
        n_songs = store.n_songs()
        with pytest.raises(StoreBusyError, match=rf"{name} is open in another program: end that"):
            _swapped(new, path, expected)
        assert store.n_songs() == n_songs
    assert _swapped(new, path, expected)


def test_what_is_discarded_goes_with_its_logs(tmp_path: Path) -> None:
    kept = tmp_path / "index.db.snapshot"
    for suffix in ("", "-wal", "-shm", "-journal", ".snapshot"):
        (tmp_path / f"index.db{suffix}").touch()
    swapping.discard(tmp_path / "index.db")
    assert list(tmp_path.iterdir()) == [kept]
    swapping.discard(tmp_path / "index.db")  # which is not there any more


class _StoppedError(Exception):
    """Stands for the end of a process between two of its steps."""


def _stopped_after(n_steps: int, work: Callable[[], object], patch: pytest.MonkeyPatch) -> bool:
    """Do some work but for all that comes after so many removals of files; whether it was cut."""
    unlink, left = Path.unlink, iter(range(n_steps))

    def step(path: Path, missing_ok: bool = False) -> None:
        if next(left, None) is None:
            raise _StoppedError
        unlink(path, missing_ok=missing_ok)

    with patch.context() as patched:
        patched.setattr(Path, "unlink", step)
        try:
            work()
        except _StoppedError:
            return True
    return False


def _in_segments(database: Path, config: FingerprintConfig, *songs: int) -> Path:
    with open_store(database, config, create=True, layout="segments") as store:
        store.add_songs(entry(song) for song in songs)
        store.make_snapshot()
    return database


def test_segments_do_not_outlive_the_file_that_they_are_found_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n_steps in count():
        database = _in_segments(tmp_path / f"{n_steps}.db", PACKED, 1)
        if not _stopped_after(n_steps, partial(swapping.discard, database), monkeypatch):
            break
        assert database.exists() or not path_of(database).exists()
    assert n_steps > 3
    assert not database.exists() and not path_of(database).exists()


def test_no_segment_of_the_old_content_lies_beside_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()
    for n_steps in count():
        old = _in_segments(tmp_path / f"{n_steps}.db", PACKED, 1)
        new = _in_segments(tmp_path / f"{n_steps}.new.db", TEXT, 1, 2)
        work = partial(_swapped, new, old, swapping.inventory(old, 0.05))
        was_cut = _stopped_after(n_steps, work, monkeypatch)
        with open_store(old, None) as store:
            assert store.check(full=True).problems == ()
            found.add((store.config.digest, store.n_songs()))
        if not was_cut:
            break
    assert found == {(PACKED.digest, 1), (TEXT.digest, 2)}


def test_the_snapshot_of_the_old_content_goes_with_it(store: SqliteStore, tmp_path: Path) -> None:
    path = store.make_snapshot().path
    store.close()
    with new_store(tmp_path / "new.db", "text") as new:
        new.add_song(*entry(1))
    expected = swapping.inventory(store.path, 5.0)
    assert swapping.swap(tmp_path / "new.db", store.path, expected=expected, busy_timeout_s=5.0)
    assert not path.exists()
