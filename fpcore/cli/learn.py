"""``fpcore learn``: files and folders into the database."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypedDict

import typer

from fpcore.cli import options
from fpcore.cli.output import (
    clock,
    complain,
    console,
    counted,
    print_json_line,
    say,
    song_record,
)

if TYPE_CHECKING:
    from rich.progress import Progress

    from fpcore.audio import PassedOver
    from fpcore.bulk.learn import Outcome
    from fpcore.errors import FpError
    from fpcore.library import Library
    from fpcore.records import Remixed

_NameBy = Literal["tags", "file"]

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def learn(
    paths: Annotated[
        list[str],  # a Path cannot be empty, and would be the folder one is in
        typer.Argument(
            metavar="PATHS",
            path_type=str,
            readable=False,
            help="Audio files, and folders to search for them.",
        ),
    ],
    *,
    name: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What to call the song; for a single file only."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse recordings that are cut off or damaged.")
    ] = False,
    allow_duplicates: Annotated[
        bool,
        typer.Option("--allow-duplicates", help="Learn the same audio again from another file."),
    ] = False,
    name_by: Annotated[
        _NameBy,
        typer.Option(
            metavar="tags|file",
            help="What to call songs by: the tags of their files, or the files.",
        ),
    ] = "tags",
    jobs: options.Jobs = None,
    db: options.Database = options.DEFAULT_DATABASE,
    profile: options.ProfileName = None,
    wait: options.WaitS = options.DEFAULT_WAIT_S,
    as_json: options.AsJson = False,
) -> None:
    """Learn songs, so that recordings of them are recognised.

    Each song is called "Artist - Title" as the tags of its file say, or as its file without the
    suffix where they have no title, and always with `--name-by file`. Songs that are known keep
    their names (`fpcore rename --by-tags`). What was learned before is passed over,
    also under another file name, so the same command resumes after an interruption; when the file
    it was learned from is gone, the new one takes its place for `fpcore reindex`. The same audio
    under other tags or in another container is not learned either, but reported, unless allowed. Of
    a recording that is cut off or damaged on the way, what comes before is learned; a whole copy,
    at the same path or of the same audio, later takes the place of that incomplete song. Files that
    cannot be used are listed at the end, with the reason, and the others are learned.

    In folders every file that holds audio is learned, whatever it is called, but for hidden ones;
    the others are passed over and counted at the end.

    \b
    Examples:
      fpcore learn ~/Music
      fpcore learn take-7.flac --name "Aria, first take"

    With --json each file gets one line of JSON as soon as its song is safely on the disk, or
    refused or passed over, and the last line is a summary.

    Exit codes: 0 all learned or known, 1 some failed, 130 interrupted.
    """
    from fpcore.audio import discovery, find_audio_files
    from fpcore.errors import AudioError

    if name == "":
        raise typer.BadParameter("is empty: say what to call the song", param_hint="'--name'")
    faults: list[FpError] = []
    passed: list[PassedOver] = []
    files = list(find_audio_files(paths, on_error=faults.append, on_passed=passed.append))
    n_files = len(files) + len(faults)
    if name is not None and n_files != 1:
        raise typer.BadParameter(
            f"is for a single file, and {counted(n_files, 'file')} were named or found",
            param_hint="'--name'",
        )
    if not files and not faults:
        told = "".join(f"; {line}" for line in discovery.summary(passed))
        raise AudioError(f"there is no audio file in {', '.join(paths)}{told}")
    tally = _Tally(passed, as_json=as_json)
    for fault in faults:
        tally.add_fault(fault)
    if files:
        with options.open_library(db, profile, create=True, wait_s=wait) as library:
            how = _How(strict=strict, allow_duplicates=allow_duplicates, name_by=name_by)
            outcomes = (
                library.learn_files(files, n_workers=jobs, **how)
                if name is None
                else _learn_as(name, files[0], library, how)
            )
            _follow(outcomes, tally, n_files=len(files))
    tally.tell()
    if tally.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if tally.failures:
        raise typer.Exit(EXIT_FAILED)


class _How(TypedDict):
    """Options of learning, alike for one file and for many."""

    strict: bool
    allow_duplicates: bool
    name_by: _NameBy


def _learn_as(name: str, path: Path, library: Library, how: _How) -> Iterator[Outcome]:
    from fpcore.bulk.learn import Outcome
    from fpcore.errors import AudioError

    remixed: list[Remixed] = []
    try:
        added = library.learn(path, name=name, on_remixed=remixed.append, **how)
    except AudioError as error:
        yield Outcome(path, "failed", reason=str(error))
    else:
        yield Outcome.of(path, added, next(iter(remixed), None))


@dataclass
class _Tally:
    """What became of the files so far; tells of each in JSON, and of all at the end."""

    passed: list[PassedOver]
    as_json: bool
    n_learned: int = 0
    n_known: int = 0
    n_in_place: int = 0
    learned_s: float = 0.0
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    n_cut: int = 0
    interrupted: bool = False
    started: float = field(default_factory=monotonic)

    @property
    def elapsed_s(self) -> float:
        return monotonic() - self.started

    @property
    def speed(self) -> float:
        """Seconds of audio learned in a second."""
        return self.learned_s / max(self.elapsed_s, 1e-9)

    def add_fault(self, fault: FpError) -> None:
        """Count a path at which no file could be looked for."""
        self._add_failure(None, str(fault))

    def add(self, outcome: Outcome) -> None:
        """Count what became of a file."""
        if outcome.song is None:
            self._add_failure(outcome.path, outcome.reason or "failed")
            return
        if outcome.status == "learned":
            self.n_learned += 1
            self.learned_s += outcome.song.duration_s
            self.n_in_place += bool(outcome.replaced)
            if outcome.song.cut is not None:
                self.n_cut += 1
                self.warnings.append(f"{outcome.path}: {outcome.song.cut}")
        else:
            self.n_known += 1
        if outcome.reason is not None:
            self.warnings.append(f"{outcome.path}: {outcome.reason}")
        if outcome.remixed is not None:
            self.warnings.append(f"{outcome.path}: {outcome.remixed}")
        self._tell_line(
            outcome.path,
            outcome.status,
            song=song_record(outcome.song),
            reason=outcome.reason,
            remixed=outcome.remixed,
            replaced=[part.id for part in outcome.replaced],
        )

    def _add_failure(self, path: Path | None, reason: str) -> None:
        self.failures.append(reason)
        self._tell_line(path, "failed", reason=reason)

    def _tell_line(
        self,
        path: Path | None,
        status: str,
        *,
        song: dict[str, Any] | None = None,
        reason: str | None = None,
        remixed: Remixed | None = None,
        replaced: Sequence[int] = (),
    ) -> None:
        if self.as_json:
            file = None if path is None else str(path)
            told = {"file": file, "status": status, "song": song, "reason": reason}
            how = {"remixed": remixed and asdict(remixed), "replaced": list(replaced)}
            print_json_line({**told, **how})

    def tell(self) -> None:
        """Tell what was learned, and complain about each failure and whatever else is odd."""
        from fpcore.audio import discovery

        if self.as_json:
            for one in self.passed:
                self._tell_line(one.path, "passed over", reason=one.reason)
            summary = {
                "n_learned": self.n_learned,
                "n_known": self.n_known,
                "n_in_place": self.n_in_place,
                "n_failed": len(self.failures),
                "n_cut": self.n_cut,
                "n_passed_over": len(self.passed),
                "learned_s": self.learned_s,
                "elapsed_s": self.elapsed_s,
                "interrupted": self.interrupted,
            }
            print_json_line({"summary": summary})
        else:
            for sentence in (self._sentence(), *discovery.summary(self.passed)):
                say(sentence)
        for sentence in (*self.warnings, *self.failures):
            complain(sentence)
        if self.n_cut:
            are_cut = "is cut off and was" if self.n_cut == 1 else "are cut off and were"
            they_go = "it goes" if self.n_cut == 1 else "they go"
            of_all = counted(self.n_learned, "recording")
            complain(f"{self.n_cut:,} of {of_all} {are_cut} learned as far as {they_go}")
        if self.interrupted:
            complain(
                f"interrupted: {counted(self.n_learned, 'song')} learned and kept; "
                "the same command goes on from there"
            )

    def _sentence(self) -> str:
        parts = [f"learned {counted(self.n_learned, 'song')}"]
        if self.n_learned:
            parts[0] += (
                f" ({clock(self.learned_s, decimals=0)}) in "
                f"{clock(self.elapsed_s)}, {self.speed:.0f} × real time"
            )
        if self.n_in_place:
            parts.append(f"{self.n_in_place:,} of them in place of incomplete ones")
        if self.n_known:
            parts.append(f"{self.n_known:,} known before")
        if self.failures:
            parts.append(f"{len(self.failures):,} failed")
        return "; ".join(parts)


def _follow(outcomes: Iterable[Outcome], tally: _Tally, *, n_files: int) -> None:
    """Count the outcomes and show how far they are, until the end or Ctrl-C.

    What is learned when the database cannot be written any more is told before the error goes on.
    """
    try:
        with closing(_generator(outcomes)) as following, _progress(n_files) as progress:
            for outcome in following:
                tally.add(outcome)
                progress.advance(tally)
    except KeyboardInterrupt:
        tally.interrupted = True
    except BaseException:
        tally.tell()
        raise


def _generator(outcomes: Iterable[Outcome]) -> Generator[Outcome, None, None]:
    yield from outcomes


class _Progress(Protocol):
    """Where it is shown how far the work is."""

    def advance(self, tally: _Tally) -> None:
        """Show that one more file is done."""


class _NoBar:
    """Stands for the bar where standard error is not a terminal."""

    def advance(self, tally: _Tally) -> None:
        """Show nothing."""


class _Bar:
    """A bar on a terminal: files done, songs a second, × real time, time left."""

    def __init__(self, bar: Progress, n_files: int) -> None:
        self._bar = bar
        self._task = bar.add_task("learning", total=n_files, rate="")

    def advance(self, tally: _Tally) -> None:
        """Show that one more file is done."""
        n_songs = tally.n_learned + tally.n_known
        rate = f"{n_songs / max(tally.elapsed_s, 1e-9):.1f} songs/s, {tally.speed:.0f} × real time"
        self._bar.update(self._task, advance=1, rate=rate)


@contextmanager
def _progress(n_files: int) -> Iterator[_Progress]:
    """Show a bar on standard error while inside, if that is a terminal."""
    terminal = console(stderr=True)
    if not terminal.is_terminal:
        yield _NoBar()
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=terminal) as bar:
        yield _Bar(bar, n_files)
