"""``fpbench evaluate``: how right a profile is on recordings whose song is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.documents import plain, records
from experiments.cli.options import EXIT_FAILED, AsJson, Jobs, RowsFile
from fpcore.cli.output import complain, counted, print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.corpora import Corpus
    from experiments.evaluation.recordings import RecordingRows
    from experiments.metrics import Share
    from experiments.protocol.recordings import Fault, KnownSongs, QuerySet
    from fpcore.config import Profile

MOST_VALUES = 20
"""A column with more values is not grouped by unless it is named: it is a remark on each row."""

MOST_FAILURES = 50
"""Failures that are listed; the rows have all."""


def evaluate(
    *,
    queries: Annotated[
        Path,
        typer.Option(
            "--queries",
            metavar="FILE|FOLDER",
            help="The recordings: a CSV with the columns file and song (an id, path or name; "
            "none for a stranger), if known start_s, and any others to group by; or a folder "
            "with a folder for each song, and none/ for strangers.",
        ),
    ],
    corpus: Annotated[
        str | None,
        typer.Option(
            "--corpus",
            metavar="NAME",
            help="The songs, all of which are indexed: generated, demo, debian-games, "
            "folder:PATH or csv:FILE.",
        ),
    ] = None,
    database: Annotated[
        Path | None,
        typer.Option("--db", metavar="FILE", help="The songs: a database that has learned them."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE",
            help="The profile to ask with. Without it: balanced, or the one that the database "
            "was made with.",
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            "--layout",
            metavar="NAME",
            help="How the recordings are listed: csv, folder, audfprint (paths; a name begins "
            "with the song's) or mirex (query, tab, answer). Without it: csv, or folder.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="COLUMN",
            help="A column to group by; may be given several times. Without it: all columns of "
            f"groups with at most {MOST_VALUES} values.",
        ),
    ] = None,
    jobs: Jobs = -1,
    csv: RowsFile = None,
    as_json: AsJson = False,
) -> None:
    """Measure how right a profile is on your recordings.

    Each recording is asked of an index as `fpcore recognize` would ask it, at the profile's own
    threshold; nothing is tuned. Rows that cannot be asked are told and counted, the others go on,
    and the exit code is then 1. Paths are relative to the list.

    \b
    Example:
      fpbench evaluate --queries recordings.csv --db music_recognition.db --by device
    """
    if (corpus is None) == (database is None):
        raise typer.BadParameter("say which songs are indexed by one of --corpus and --db")
    _refuse_unknown(layout)
    listed = _List(queries, layout, tuple(by or ()))
    asked, found, used = (
        _of_corpus(listed, corpus, profile or "balanced", jobs)
        if corpus is not None
        else _of_database(listed, database or Path(), profile, jobs)
    )
    rows, threshold = asked.outcomes, used.decision.threshold
    if csv is not None:
        from experiments.files import write_rows, writing

        with writing(csv):
            write_rows(rows, csv)
    for note in asked.notes:
        complain(f"note: {note}")
    faults = (*found.faults, *asked.faults)
    _tell_faults(faults, found.n_listed)
    groups = _groups(rows, found, listed.by) if len(rows) else []
    if as_json:
        asked_of = str(corpus or database)
        told = {"profile": used.name, "digest": used.fingerprint.digest, "threshold": threshold}
        told |= {"asked_of": asked_of, "queries": str(found.path), "n_asked": len(rows)}
        print_json(plain(told | _document(rows, groups, faults, threshold)))
        if faults:
            raise typer.Exit(EXIT_FAILED)
        return
    say(
        f"Profile {used.name} ({used.fingerprint.digest[:12]}), threshold {threshold:.3f}; "
        f"{corpus or database}; {found.path}: {counted(len(rows), 'recording')} asked"
    )
    if len(rows):
        _say_shares(rows, threshold)
        if groups:
            _print_groups(groups, threshold)
        _print_failures(rows, threshold)
    if faults:
        raise typer.Exit(EXIT_FAILED)


def _document(
    rows: pd.DataFrame,
    groups: Sequence[tuple[str, str, pd.DataFrame]],
    faults: Sequence[Fault],
    threshold: float,
) -> dict[str, Any]:
    """Return the shares, those of each group, and what failed, as they stand in JSON."""
    from experiments.metrics.recordings import failures, shares

    def told(of: pd.DataFrame) -> dict[str, Any]:
        return {name: asdict(share) for name, share in shares(of, threshold).items()}

    return {
        "shares": told(rows) if len(rows) else {},
        "groups": [{"by": column, "value": one, **told(of)} for column, one, of in groups],
        "failures": records(failures(rows, threshold)) if len(rows) else [],
        "faults": [{"kind": fault.kind, "sentence": fault.sentence} for fault in faults],
    }


def _refuse_unknown(layout: str | None) -> None:
    from experiments.protocol.recordings import LAYOUTS

    if layout is not None and layout not in LAYOUTS:
        raise typer.BadParameter(
            f"there is no layout {layout!r}: choose one of {', '.join(LAYOUTS)}"
        )


@dataclass(frozen=True, slots=True)
class _List:
    """The recordings as the options name them, and the columns to group by."""

    path: Path
    layout: str | None
    by: tuple[str, ...]

    def read(self, known: KnownSongs) -> QuerySet:
        """Return a query set that has something to ask, and the columns."""
        from experiments.errors import CorpusError
        from experiments.progress import shown
        from experiments.protocol.recordings import read_queries
        from fpcore.errors import ConfigError

        with shown() as show:
            found = read_queries(self.path, known, layout=self.layout, show=show)
        columns = (*found.columns, "clip_s")
        for name in self.by:
            if name not in columns:
                raise ConfigError(
                    f"--by {name}: there is no such column, choose of {', '.join(columns)}"
                )
        if not found.queries:
            _tell_faults(found.faults, found.n_listed)
            raise CorpusError(
                f"{self.path} lists no recording that can be asked: correct what is told of"
            )
        return found


_Evaluated = tuple["RecordingRows", "QuerySet", "Profile"]
"""What was answered, to what, under which profile."""


def _of_corpus(listed: _List, name: str, profile: str, jobs: int) -> _Evaluated:
    """Return what an index of a corpus answers."""
    from experiments.corpora import corpus as open_corpus
    from experiments.evaluation.recordings import ask_corpus
    from experiments.progress import shown
    from experiments.protocol.recordings import KnownSongs
    from fpcore.profiles import load_profile

    used, source = load_profile(profile), open_corpus(name)
    found = listed.read(KnownSongs.of_corpus(source))
    _tell_fitted(used, source)
    with shown() as show:
        return ask_corpus(found, used, source, n_jobs=jobs, show=show), found, used


def _of_database(listed: _List, database: Path, profile: str | None, jobs: int) -> _Evaluated:
    """Return what a database answers."""
    from experiments.evaluation.recordings import ask_database
    from experiments.progress import shown
    from experiments.protocol.recordings import KnownSongs
    from fpcore.cli.options import open_library

    with open_library(database, profile) as library:
        used, known = library.profile, KnownSongs.of_store(library.store)
    found = listed.read(known)
    with shown() as show:
        return ask_database(found, used, database, known, n_jobs=jobs, show=show), found, used


def _tell_fitted(profile: Profile, corpus: Corpus) -> None:
    """Say where the decision has seen songs that are asked about now."""
    fitted_on = profile.decision.fitted_on
    if fitted_on is not None and fitted_on.corpus_checksum == corpus.checksum:
        complain(
            f"note: the decision of {profile.name} was fitted on clips of this corpus; "
            "recordings of songs that it has not seen may be recognised less well"
        )


def _tell_faults(faults: Sequence[Fault], n_listed: int) -> None:
    for fault in faults:
        complain(fault.sentence)
    if faults:
        kinds = Counter(fault.kind for fault in faults)
        told = ", ".join(f"{kind} {n:,}" for kind, n in kinds.items())
        complain(f"{len(faults):,} of {counted(n_listed, 'row')} not asked ({told})")


def _groups(
    rows: pd.DataFrame, found: QuerySet, by: Sequence[str]
) -> list[tuple[str, str, pd.DataFrame]]:
    """Return the rows of each group with its column and its value."""
    chosen = by or [one for one in found.columns if rows[one].nunique() <= MOST_VALUES]
    groups = []
    for column in chosen:
        by_value = rows.groupby(column, sort=True)
        groups += [(column, str(value) or "(empty)", of) for value, of in by_value]
    return groups


def _say_shares(rows: pd.DataFrame, threshold: float) -> None:
    """Print each share of all recordings in a line."""
    from experiments.metrics.recordings import SHARES, shares

    for name, share in shares(rows, threshold).items():
        if share.n:
            say(
                f"{SHARES[name]}: {100 * share.share:.1f}% of {share.n:,} (95% interval "
                f"{100 * share.low:.1f} to {100 * share.high:.1f}%)"
            )
        else:
            say(f"{SHARES[name]}: there are none")


def _print_groups(groups: Sequence[tuple[str, str, pd.DataFrame]], threshold: float) -> None:
    """Print a row for each group: how many recordings, and each share with its interval."""
    from experiments.metrics.recordings import shares

    table = []
    for column, value, of in groups:
        n_songs = int(of["indexed"].sum())
        told = [_told(share) for share in shares(of, threshold).values()]
        table.append([column, value, n_songs, len(of) - n_songs, *told])
    headings = ("songs", "strangers", "right %", "wrong %", "named %", "50 ms %", "500 ms %")
    say("")
    print_table([("by", "left"), ("", "left"), *((name, "right") for name in headings)], table)


def _told(share: Share) -> str:
    if not share.n:
        return "–"
    return f"{100 * share.share:.0f} ({100 * share.low:.0f}-{100 * share.high:.0f})"


def _print_failures(rows: pd.DataFrame, threshold: float) -> None:
    from experiments.metrics.recordings import FAILURES, failures

    failed = failures(rows, threshold)
    say("")
    if not len(failed):
        say("No failures.")
        return
    more = (
        f", the first {MOST_FAILURES} of them (--csv has all)"
        if len(failed) > MOST_FAILURES
        else ""
    )
    say(f"{counted(len(failed), 'failure')}{more}:")
    print_table(
        [
            ("recording", "left"),
            ("failure", "left"),
            ("song", "left"),
            ("likeliest answer", "left"),
            ("probability", "right"),
            ("place, s", "right"),
            ("told, s", "right"),
        ],
        [
            [
                row["query"].rpartition("@")[0],
                FAILURES[row["failure"]],
                row["track"] or "none",
                row["answer"] or "none",
                f"{row['probability']:.3f}",
                "–" if row["start_s"] != row["start_s"] else f"{row['start_s']:.2f}",
                f"{row['offset_s']:.2f}" if row["answer"] else "–",
            ]
            for row in failed.head(MOST_FAILURES).to_dict("records")
        ],
    )


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("evaluate")(evaluate)
