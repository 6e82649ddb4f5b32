"""The layout ``folder``: a folder for each song, called as the song is, with its recordings.

``none`` is the folder of strangers; in it a folder may hold all recordings of one stranger. Where
ids of songs are paths, so are the folders: the recordings of ``A/01.mp3`` are in ``A/01``. Files
that hold no sound and are not called as if they did are passed over.
"""

from __future__ import annotations

from pathlib import Path

from experiments.errors import CorpusError
from experiments.protocol.recordings.contract import STRANGER, Entry, Fault, Listed
from fpcore.audio import find_audio_files
from fpcore.errors import AudioError
from fpcore.printable import as_text


def read(path: Path) -> Listed:
    """Return what a folder holds.

    Raises
    ------
    CorpusError
        When there is no sound in it.
    """
    unlisted: list[Fault] = []

    def note(error: AudioError) -> None:
        unlisted.append(Fault("unreadable row", str(error)))

    base = path.absolute()
    files = find_audio_files([base], on_error=note)
    rows = [_row(file.relative_to(base)) for file in files]
    if not rows:
        raise CorpusError(
            f"{as_text(str(path))} holds no recordings: it has to hold a folder for each song, "
            f"and {STRANGER} for strangers"
        )
    return Listed(base, (*unlisted, *rows), finds=lambda known, text: known.named(text, base))


def _row(file: Path) -> Entry | Fault:
    folder = file.parent
    if folder == Path():
        return Fault(
            "unreadable row",
            f"{as_text(file.name)} lies in no folder: put it into one that is called as its song, "
            f"or into {STRANGER}",
        )
    first, *others = folder.parts
    called = folder.as_posix()
    song = f"{STRANGER}: {called}" if first == STRANGER and others else called
    return Entry(as_text(str(file)), file.as_posix(), song)
