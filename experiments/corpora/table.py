"""The corpora ``csv:PATH``: tracks that a table lists, with what is known of them.

Columns: ``file``, relative to the table; and if you like ``title`` and ``artist``, by which tracks
are told; ``work``, equal for all versions of one piece, which are right answers for each other and
fall into one half; ``split``, ``tune`` or ``test``, which fixes that half. Other columns are passed
over. Ids of tracks are their paths in the table. Files stay where they are, and a row that cannot
be used is told by its line; the others go on.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from rich.console import Console

from experiments.corpora.manifest import (
    Corpus,
    Skipped,
    file_at,
    mark_duplicates,
    with_works,
    write_manifest,
)
from experiments.corpora.survey import survey
from experiments.errors import CorpusError
from experiments.lists import RowFaultError, Table, TextLine, read_table
from fpcore.audio.titles import titled
from fpcore.printable import as_text

Half = Literal["calibration", "test"]

HALVES: Mapping[str, Half | None] = {"": None, "tune": "calibration", "test": "test"}
"""What may stand in the column ``split``."""


def prepare(path: str, *, cache_dir: Path, console: Console) -> Corpus:
    """Return the corpus that a table lists.

    Parameters
    ----------
    path : str
        The table; a leading ``~`` is the user's home.
    cache_dir : Path
        Folder of all corpora; the manifest is written there, not beside the table.
    console : Console
        Where rows that cannot be used are told, and progress is shown.

    Returns
    -------
    Corpus
        Rows that cannot be used stand in its ``skipped``, by their lines.

    Raises
    ------
    CorpusError
        If the table cannot be read, or no row of it can be used; with the first reason.
    """
    file = file_at(Path(), path).expanduser().resolve()
    if not path or not file.is_file():
        raise CorpusError(f"csv:{path} names no file: give the path of a table of tracks")
    table = read_table(file, ["file"])
    listed = _Listed(file.parent)
    for line in table.lines:
        listed.add(table, line)
    place = hashlib.sha256(str(file).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    state = cache_dir / "tables" / place
    state.mkdir(parents=True, exist_ok=True)
    label = f"decoding {as_text(file.name)}"
    ledger = state / "survey.jsonl"
    surveyed, unusable = survey(
        file.parent, listed.rows, ledger=ledger, console=console, label=label
    )
    lines = {
        one.name: f"{listed.rows[one.name].place}: {one.name} {one.reason}" for one in unusable
    }
    for sentence in (*listed.faults, *lines.values()):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    faults = [*listed.faults, *lines.values()]
    if not surveyed:
        raise CorpusError(
            f"no row of {as_text(str(file))} can be used; the first of {len(faults)}: {faults[0]}"
        )
    tracks = mark_duplicates(
        row.as_track(row.path, group=PurePosixPath(row.path).parent.as_posix()).model_copy(
            update={"half": listed.rows[row.path].half}
        )
        for row in surveyed
    )
    skipped = (*map(_skipped, listed.faults), *unusable)
    corpus = Corpus(as_text(f"csv:{path}"), file.parent, tracks, skipped=skipped)
    corpus = with_works(corpus, listed.works({track.id for track in tracks}))
    corpus = replace(corpus, titles=listed.titles())
    write_manifest(corpus, state / "manifest.json")
    return corpus


@dataclass(frozen=True, slots=True)
class _Row:
    """What a line says of a track: ``place`` is the line."""

    place: str
    title: str | None
    work: str
    half: Half | None


class _RowError(Exception):
    """Why a row is not used."""


@dataclass(slots=True)
class _Listed:
    """Rows of a table by the ids of their tracks, and sentences on those that cannot be used."""

    root: Path
    rows: dict[str, _Row] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    half_of: dict[str, tuple[Half, str]] = field(default_factory=dict)
    """The half of each work that is fixed, and the line that says so."""

    def add(self, table: Table, line: TextLine) -> None:
        """Take up a line, or what is wrong with it."""
        try:
            values = table.row(line)
            track_id = self._track(values)
            half = self._half(values, line.place)
        except RowFaultError as fault:
            self.faults.append(f"{line.place} {fault}")
            return
        except _RowError as fault:
            self.faults.append(f"{line.place}: {fault}")
            return
        title = titled(values.get("title", ""), values.get("artist", ""))
        self.rows[track_id] = _Row(line.place, title, values.get("work", ""), half)

    def _track(self, values: Mapping[str, str]) -> str:
        if not values["file"]:
            raise _RowError("names no file: name one")
        track_id = as_text(posixpath.normpath(values["file"]))
        if not file_at(self.root, track_id).is_file():
            raise _RowError(
                f"there is no file {as_text(values['file'])} in {as_text(str(self.root))}: correct "
                "the path, or remove the line"
            )
        if track_id in self.rows:
            raise _RowError(
                f"{track_id} is listed in {self.rows[track_id].place} already: list it once"
            )
        return track_id

    def _half(self, values: Mapping[str, str], place: str) -> Half | None:
        said, work = values.get("split", ""), values.get("work", "")
        if said not in HALVES:
            raise _RowError(f"the split {as_text(said)!r} is none: write tune, test or nothing")
        half = HALVES[said]
        if half is None or not work:
            return half
        first, where = self.half_of.setdefault(work, (half, place))
        if first != half:
            raise _RowError(
                f"the work {as_text(work)!r} is in the other half in {where}: all versions of a "
                "work have to be in one"
            )
        return half

    def works(self, used: set[str]) -> list[list[str]]:
        """Return the ids of the tracks of each work that several are of."""
        groups: dict[str, list[str]] = defaultdict(list)
        for track_id, row in sorted(self.rows.items()):
            if row.work and track_id in used:
                groups[row.work].append(track_id)
        return [group for group in groups.values() if len(group) > 1]

    def titles(self) -> dict[str, str]:
        """Return what tracks are called, by their ids."""
        return {track_id: row.title for track_id, row in self.rows.items() if row.title}


def _skipped(sentence: str) -> Skipped:
    place, _, reason = sentence.partition(": ")
    return Skipped(name=place, reason=reason)
