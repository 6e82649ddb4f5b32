"""Scratch folders for large indexes that are measured and thrown away.

They lie in the cache folder. Room is reckoned beforehand, in bytes a song, so that a full disk is
told at the start and not after an hour.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.folders import cache_folder, temporary_folder
from fpcore.errors import FpError

BATCH_SONGS = 500
"""Songs in one transaction. Large batches save time: in a large index, a transaction of few songs
writes nearly as many pages as one of many."""

BYTES_A_SONG = 300_000
"""Bytes that a song takes on the disk at most, its share of the log and of merges included."""


@contextmanager
def room_for(n_songs: int) -> Iterator[Path]:
    """Yield a new folder in the cache folder, in which an index of ``n_songs`` songs has room.

    At the end it is removed with all that is in it.

    Raises
    ------
    FpError
        When the disk of the cache folder has too little room.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(cache).free, n_songs * BYTES_A_SONG
    if free < needed:
        raise FpError(
            f"an index of {n_songs:,} songs needs {needed / 1e9:.1f} GB in {cache}, where "
            f"{free / 1e9:.1f} GB are free: make room, or ask for fewer songs"
        )
    with temporary_folder(cache) as folder:
        yield folder
