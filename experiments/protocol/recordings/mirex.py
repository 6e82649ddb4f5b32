"""The layout ``mirex``: answers to queries as MIREX's task Audio Fingerprinting has them.

A line is a query and its answer with a tab between them: ``./AFP/query/q0001.wav`` and
``./AFP/database/00004.mp3``. The query is relative to the list here. Of the answer only the main
name counts, ``00004``, which the task guarantees to be unique: the database may lie elsewhere and
have files of another kind. All queries of the task are of songs in its database; ``none`` is
understood all the same.
"""

from __future__ import annotations

from pathlib import Path

from experiments.lists import TextLine, read_lines
from experiments.protocol.recordings.contract import Entry, Fault, Listed
from experiments.protocol.recordings.songs import KnownSongs


def read(path: Path) -> Listed:
    """Return what a list holds.

    Raises
    ------
    CorpusError
        When it cannot be read.
    """
    rows = tuple(_row(line) for line in read_lines(path))
    return Listed(path.absolute().parent, rows, finds=KnownSongs.of_main_name)


def _row(line: TextLine) -> Entry | Fault:
    if line.text is None:
        return Fault("wrong encoding", f"{line.place} is not UTF-8: save the list as UTF-8")
    values = [value.strip() for value in line.text.split("\t")]
    if len(values) != 2:
        return Fault(
            "unreadable row",
            f"{line.place} is no query and answer with one tab between them: write it so",
        )
    file, answer = values
    return Entry(line.place, file, answer)
