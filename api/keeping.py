"""The uploaded audio of learned songs, kept for the day the index is made anew.

A file lies under the checksum of its content, and its path is the song's ``source`` in the
index, where re-indexing looks for it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from api.schemas import SOURCE_KEY
from api.uploads import Upload
from fpcore.store import Song


def keep(upload: Upload, folder: Path) -> Path:
    """Copy an upload into ``folder`` and return where it lies; all of it is on the disk then.

    Raises
    ------
    OSError
        When it cannot be written; then nothing is left of it.
    """
    # The ending was checked against a list, so no part of the client's name gets through.
    kept = folder.absolute() / f"{upload.checksum}{Path(upload.name).suffix.lower()}"
    beside = kept.with_name(f".{upload.path.parent.name}.part")
    try:
        shutil.copyfile(upload.path, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(kept)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return kept


def discard(song: Song, folder: Path | None) -> None:
    """Remove the kept audio of a song that is no longer in the index, if it was kept here."""
    source = song.metadata.get(SOURCE_KEY)
    if folder is None or not isinstance(source, str):
        return
    kept = Path(source)
    if kept.parent == folder.absolute() and kept.stem == song.checksum:
        kept.unlink(missing_ok=True)
