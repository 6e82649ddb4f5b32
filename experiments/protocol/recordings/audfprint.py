"""The layout ``audfprint``: the lists of files that ``audfprint match --list`` reads.

A line is the path of a recording, here relative to the list (audfprint takes it relative to the
working directory, or to its ``--wavdir``). These lists have no truth. It comes from the names, as
is usual with them: a recording is of the song whose file's name its own begins with, such as
``05-Full_Circle_phone.wav`` of ``05-Full_Circle.mp3``; no letter or digit may follow it, and the
longest name counts. A recording in a folder ``none`` is of a stranger.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from experiments.lists import TextLine, read_lines
from experiments.protocol.recordings.contract import STRANGER, Entry, Fault, Listed
from experiments.protocol.recordings.songs import KnownSongs


def read(path: Path) -> Listed:
    """Return what a list holds.

    Raises
    ------
    CorpusError
        When it cannot be read.
    """
    rows = tuple(_row(line) for line in read_lines(path))
    return Listed(path.absolute().parent, rows, finds=KnownSongs.that_begins)


def _row(line: TextLine) -> Entry | Fault:
    if line.text is None:
        return Fault("wrong encoding", f"{line.place} is not UTF-8: save the list as UTF-8")
    file = line.text.strip()
    is_stranger = PurePosixPath(file).parent.name == STRANGER
    return Entry(line.place, file, STRANGER if is_stranger else file)
