"""Recordings that a sweep asks beside its excerpts: read from their list, checked, divided.

Rows that cannot be asked are told, a sentence each, and the others go on. All recordings are
decoded once before anything runs; what was found is remembered until a file changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from experiments.corpora import Corpus
from experiments.corpora.survey import survey
from experiments.errors import CorpusError
from experiments.folders import corpora_folder
from experiments.protocol.recordings import (
    Fault,
    KnownSongs,
    QuerySet,
    RecordedQuery,
    read_queries,
)
from experiments.protocol.recordings.halves import CONDITION, AskedRecording, in_halves
from experiments.protocol.splits import Split
from experiments.specs.spec import ListedQueries, SweepSpec
from fpcore.errors import ConfigError
from fpcore.printable import as_text

MOST_GROUPS = 40
"""A column with more values is a remark on each row, and would make a table of single rows."""


@dataclass(frozen=True, slots=True)
class ListedRecordings:
    """Recordings of a sweep; ``n_listed`` counts the rows of their list, faulty ones included."""

    asked: tuple[AskedRecording, ...] = ()
    n_listed: int = 0
    faults: tuple[Fault, ...] = field(default=())


def recordings_of(
    spec: SweepSpec, corpus: Corpus, parts: Split, *, console: Console
) -> ListedRecordings:
    """Return the recordings that a spec names, none where it names no list.

    Parameters
    ----------
    spec : SweepSpec
        Names the list; its seed and shares divide strangers.
    corpus : Corpus
        Its songs are those that a recording may be of.
    parts : Split
        The corpus, divided.
    console : Console
        Where faulty rows are told, and progress is shown while recordings are decoded.

    Raises
    ------
    ConfigError
        When the list does not have the column that the spec names, or it has too many values.
    CorpusError
        When the list cannot be read, or no recording of it can be asked in the sweep.
    """
    listed = spec.queries
    if listed is None:
        return ListedRecordings()
    if any(condition.name == CONDITION for condition in spec.degradations):
        raise ConfigError(
            f"a degradation is called {CONDITION}, as the recordings of `queries` are in the "
            "rows: give it another name"
        )
    path = Path(listed.list)
    found = read_queries(path, KnownSongs.of_corpus(corpus), layout=listed.layout)
    _check_column(listed, found)
    usable, durations_s, faults = _decoded(found, console)
    for fault in faults:
        console.print(fault.sentence, markup=False, highlight=False, soft_wrap=True)
    if faults:
        told = f"{len(faults):,} of {found.n_listed:,} rows of {path.name} are not asked"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    if not usable:
        raise CorpusError(
            f"no recording of {as_text(str(path))} can be asked; the first of {len(faults):,}: "
            f"{faults[0].sentence}"
        )
    asked = in_halves(
        usable,
        durations_s,
        parts,
        by=listed.by,
        seed=spec.seed,
        calibration_share=spec.calibration_share,
    )
    if all(one.role == "test" for one in asked):
        raise CorpusError(
            f"all {len(asked):,} recordings of {as_text(str(path))} are of songs of the test half, "
            "which no sweep asks: record songs of the other half too, or take another seed"
        )
    return ListedRecordings(asked, found.n_listed, faults)


def _check_column(listed: ListedQueries, found: QuerySet) -> None:
    if listed.by is None:
        return
    if listed.by not in found.columns:
        known = f"choose of {', '.join(found.columns)}" if found.columns else "add one to it"
        raise ConfigError(
            f"queries.by: {found.path.name} has no column {listed.by!r} beside file, song and "
            f"start_s: {known}"
        )
    values = {query.groups[listed.by] for query in found.queries}
    if len(values) > MOST_GROUPS:
        raise ConfigError(
            f"queries.by: the column {listed.by!r} of {found.path.name} has {len(values):,} "
            f"values, and each would be a condition: name one with at most {MOST_GROUPS}"
        )


def _decoded(
    found: QuerySet, console: Console
) -> tuple[list[RecordedQuery], Mapping[str, float], tuple[Fault, ...]]:
    """Return the recordings that hold sound, their lengths by their ids, and all faults."""
    root = (found.path if found.path.is_dir() else found.path.parent).resolve()
    state = corpora_folder() / "recordings" / hashlib.sha256(_bytes(root)).hexdigest()[:16]
    state.mkdir(parents=True, exist_ok=True)
    file_of = {query.id: as_text(str(query.file)) for query in found.queries}
    surveyed, skipped = survey(
        root,
        file_of.values(),
        ledger=state / "survey.jsonl",
        console=console,
        label=f"decoding {as_text(found.path.name)}",
    )
    length_s = {row.path: row.duration_s for row in surveyed}
    reasons = {one.name: one.reason for one in skipped}
    usable = [query for query in found.queries if file_of[query.id] in length_s]
    silent = tuple(
        Fault("no audio", f"{query.place}: {query.name} {reasons[file_of[query.id]]}")
        for query in found.queries
        if file_of[query.id] in reasons
    )
    durations_s = {query.id: length_s[file_of[query.id]] for query in usable}
    return usable, durations_s, (*found.faults, *silent)


def _bytes(path: Path) -> bytes:
    return str(path).encode("utf-8", "surrogateescape")
