"""Room for a large index that is measured and thrown away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.folders import cache_folder
from fpcore.errors import FpError

BATCH_SONGS = 500
"""Songs of a transaction: it writes nearly every page of a large index, however many it has."""

BYTES_A_SONG = 500_000
"""Room that a song takes on the disk, its share of the snapshot and of the log included."""


@contextmanager
def room_for(n_songs: int, *, prefix: str) -> Iterator[Path]:
    """Lend a new folder in the cache folder, where an index of so many songs finds room.

    It is removed with all that is in it.

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
    with TemporaryDirectory(prefix=prefix, dir=cache) as name:
        yield Path(name)
