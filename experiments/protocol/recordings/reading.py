"""Reading of query sets: what a layout's reader lists, checked row by row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from experiments.errors import CorpusError
from experiments.progress import Show, Step, silent
from experiments.protocol.recordings import audfprint, folder, mirex, table
from experiments.protocol.recordings.contract import (
    STRANGER,
    Entry,
    Fault,
    Listed,
    QuerySet,
    RecordedQuery,
)
from experiments.protocol.recordings.songs import KnownSong, KnownSongs
from fpcore.audio import checksum
from fpcore.errors import AudioError
from fpcore.printable import as_name, as_text

LAYOUTS: Mapping[str, Callable[[Path], Listed]] = {
    "csv": table.read,
    "folder": folder.read,
    "audfprint": audfprint.read,
    "mirex": mirex.read,
}
"""The layouts of query sets by their names; each module says what its layout maps to."""


def read_queries(
    path: Path, known: KnownSongs, *, layout: str | None = None, show: Show = silent
) -> QuerySet:
    """Return the recordings of a query set, and what is wrong with the others.

    Parameters
    ----------
    path : Path
        A file or folder.
    known : KnownSongs
        The songs that a recording may be of.
    layout : str, optional
        One of `LAYOUTS`; by default ``folder`` for a folder, and ``csv`` for a file.
    show : Show, optional
        Where progress is shown, in rows: every recording is read for its checksum.

    Returns
    -------
    QuerySet
        Queries and faults in the order of the list.

    Raises
    ------
    CorpusError
        When nothing of it can be read.
    """
    if not path.exists():
        raise CorpusError(
            f"there is no {as_text(str(path))}: name a list or a folder of recordings"
        )
    chosen = layout or ("folder" if path.is_dir() else "csv")
    if path.is_dir() != (chosen == "folder"):
        what = "a folder" if path.is_dir() else "no folder"
        raise CorpusError(f"{as_text(str(path))} is {what}, so its layout is not {chosen}")
    listed = LAYOUTS[chosen](path)
    checked = _Checked(listed, known)
    found: list[RecordedQuery | Fault] = []
    for row in listed.rows:
        found.append(row if isinstance(row, Fault) else checked.query_of(row))
        show(Step("reading recordings", len(found), len(listed.rows)))
    return QuerySet(
        path,
        queries=tuple(one for one in found if isinstance(one, RecordedQuery)),
        faults=tuple(one for one in found if isinstance(one, Fault)),
        columns=listed.columns,
        n_listed=len(found),
    )


class _RowError(Exception):
    """What is wrong with a row."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


class _Checked:
    """Checks of rows, one after the other; it remembers which recordings came before."""

    def __init__(self, listed: Listed, known: KnownSongs) -> None:
        self._listed = listed
        self._known = known
        self._places: dict[str, str] = {}

    def query_of(self, entry: Entry) -> RecordedQuery | Fault:
        """Return the query that a row lists, or its fault."""
        try:
            file, content = self._file(entry)
            song = self._song(entry)
            start_s = _start_s(entry, song)
        except _RowError as refused:
            return refused.fault
        self._places[content] = entry.place
        called = as_text(entry.file)
        stranger = f"{STRANGER}: {called}" if entry.song == STRANGER else entry.song
        return RecordedQuery(
            entry.place,
            called,
            file,
            content,
            song,
            work=stranger if song is None else song.work,
            start_s=start_s,
            groups=entry.groups,
        )

    def _file(self, entry: Entry) -> tuple[Path, str]:
        """Return a recording's file and checksum."""
        if not entry.file:
            raise _RowError(Fault("missing file", f"{entry.place} names no file: name one"))
        file = self._listed.base / as_name(entry.file)
        if not file.is_file():
            file = self._listed.base / entry.file
        if not file.is_file():
            raise _RowError(
                Fault(
                    "missing file",
                    f"{entry.place}: there is no file {as_text(entry.file)} in "
                    f"{as_text(str(self._listed.base))}: correct the path, or remove the line",
                )
            )
        try:
            content = checksum(file)
            is_empty = not file.stat().st_size
        except (AudioError, OSError) as error:
            raise _RowError(Fault("no audio", f"{entry.place}: {error}")) from None
        if is_empty:
            raise _RowError(
                Fault(
                    "empty file", f"{entry.place}: {as_text(entry.file)} is empty: record it anew"
                )
            )
        if content in self._places:
            raise _RowError(
                Fault(
                    "duplicate",
                    f"{entry.place}: {as_text(entry.file)} is the recording of "
                    f"{self._places[content]} once more: list it once",
                )
            )
        return file, content

    def _song(self, entry: Entry) -> KnownSong | None:
        """Return the right song, None for a stranger."""
        if not entry.song:
            raise _RowError(
                Fault(
                    "unknown song",
                    f"{entry.place} names no song: name one, or write {STRANGER} for a stranger",
                )
            )
        if entry.song == STRANGER or entry.song.startswith(f"{STRANGER}:"):
            return None
        found = self._listed.finds(self._known, entry.song)
        if len(found) == 1:
            return found[0]
        called = as_text(entry.song)
        if found:
            several = " and ".join(repr(one.id) for one in found[:2])
            sentence = f"{called} may be {several}: name it by its id or its whole path"
        else:
            sentence = f"nobody knows the song {called}: correct it, or learn that song"
        raise _RowError(Fault("unknown song", f"{entry.place}: {sentence}"))


def _start_s(entry: Entry, song: KnownSong | None) -> float:
    """Return where in the song the recording begins, NaN where that is not known."""
    if not entry.start_s:
        return math.nan
    said = f"{entry.place}: the place {entry.start_s}"
    try:
        start_s = float(entry.start_s)
    except ValueError:
        start_s = math.nan
    if not math.isfinite(start_s):
        sentence = f"{said} is no number of seconds: write it as 12.5"
    elif song is None:
        sentence = f"{said} is in a song that is {STRANGER}: leave it empty"
    elif start_s < 0:
        sentence = f"{said} lies before the song: give the place in the song in seconds"
    elif start_s >= song.duration_s:
        sentence = f"{said} lies beyond the end of {song.id}, which lasts {song.duration_s:.1f} s"
    else:
        return start_s
    raise _RowError(Fault("wrong place", sentence))
