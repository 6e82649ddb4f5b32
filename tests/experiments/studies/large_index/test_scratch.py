"""The room for a large index: taken in the cache, given back, and refused where it is not."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from experiments.folders import CACHE_VARIABLE
from experiments.studies.large_index.scratch import BYTES_A_SONG, room_for
from fpcore.errors import FpError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_folder_is_in_the_cache_and_removed_even_after_a_failure(cache: Path) -> None:
    with pytest.raises(ZeroDivisionError), room_for(1) as folder:
        assert folder.is_relative_to(cache)
        (folder / "index.db").write_bytes(b"postings")
        raise ZeroDivisionError
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (-1, False)])
def test_the_disk_must_hold_all_songs(
    spare: int, fits: bool, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 3000 * BYTES_A_SONG + spare
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, free))
    if fits:
        with room_for(3000) as folder:
            assert folder.is_dir()
    else:
        sentence = r"3,000 songs needs 0\.9 GB in .*, where 0\.9 GB are free: make room, or ask"
        with pytest.raises(FpError, match=sentence), room_for(3000):
            pass
    assert list(cache.iterdir()) == []
