"""``fpcore recognize``: which songs are heard in recordings."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeVar, cast

import typer

from fpcore.cli import options
from fpcore.cli.output import clock, complain, print_json, print_table, say
from fpcore.cli.scanning import Output, ScanFile, noted, told
from fpcore.errors import FpError

if TYPE_CHECKING:
    from fpcore.errors import AudioError
    from fpcore.library import AudioSource, Library
    from fpcore.records import Match, Recognition

EXIT_ERROR = 1
EXIT_NO_MATCH = 3

AnswerT = TypeVar("AnswerT")

STANDARD_INPUT = "-"
SPOOL_BYTES = 64_000_000
"""Standard input is kept in memory up to this size, and on the disk beyond."""


def recognize(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Recordings, and folders to search for them; '-' is one from standard input.",
        ),
    ],
    *,
    scan: Annotated[
        bool,
        typer.Option("--scan", help="Report every song heard in a long recording, and when."),
    ] = False,
    max_hours: Annotated[
        float,
        typer.Option(
            min=0.001, max=1000, metavar="H", help="Hear at most the first H hours of a recording."
        ),
    ] = 4.0,
    top: Annotated[
        int,
        typer.Option(
            min=1, max=1000, metavar="N", help="Show the N likeliest songs, accepted or not."
        ),
    ] = 1,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            metavar="N",
            help="Processes that recognise; if unset, one for each core when the files are many.",
        ),
    ] = None,
    db: options.Database = options.DEFAULT_DATABASE,
    profile: options.ProfileName = None,
    as_json: options.AsJson = False,
    json_lines: Annotated[
        bool,
        typer.Option(
            "--json-lines",
            help="With --scan, print each appearance as a line of JSON as soon as it is found.",
        ),
    ] = False,
) -> None:
    """Recognise recordings: which song each is, and where in the song it begins.

    The confidence lies between 0 and 1. When it is below the profile's threshold the answer is
    "no match", with the best guess. Answers come in the order of the files; one that cannot be
    decoded does not stop the others, and of one that is cut off what there is is used. Of a long
    recording only the beginning is used (a minute, unless the profile says otherwise): --scan
    hears it to its end, and tells each song as soon as it has ended.

    \b
    Examples:
      fpcore recognize noisy.wav
      fpcore recognize recordings/
      fpcore recognize --scan concert.mp3
      ffmpeg -i talk.mkv -f wav - | fpcore recognize -

    Exit codes: 0 a match for every file, 3 no match for some, 1 something failed.
    """
    if json_lines and not scan:
        raise typer.BadParameter("--json-lines tells what --scan finds: give both")
    output: Output = "lines" if json_lines else "json" if as_json else "text"
    files = list(_with_those_in_folders(files))
    with options.open_library(db, profile) as opened:
        library = _with_options(opened, top, max_hours)
        if scan:
            records = list(_scanned(library, files, jobs, output))
        else:
            records = list(_recognised(library, files, jobs, top=top, quiet=as_json))
    if output == "json":
        print_json({"results": records})
    raise typer.Exit(_exit_code(records))


def _with_those_in_folders(paths: list[str]) -> Iterator[str]:
    """Yield the files, and in the place of each folder those in it that hold audio."""
    from fpcore.audio import PassedOver, discovery, find_audio_files
    from fpcore.errors import AudioError

    for path in paths:
        if path == STANDARD_INPUT or not os.path.isdir(path):
            yield path
            continue
        passed: list[PassedOver] = []
        found = [str(file) for file in find_audio_files([path], on_passed=passed.append)]
        told = discovery.summary(passed)
        if not found:
            raise AudioError("; ".join([f"there is no audio file in {path}", *told]))
        for line in told:
            complain(f"{path}: {line}")
        yield from found


def _recognised(
    library: Library, files: list[str], jobs: int | None, *, top: int, quiet: bool
) -> Iterator[dict[str, Any]]:
    """Yield the record of each answer once it is told."""
    from fpcore.library import Library
    from fpcore.records import Recognition

    with closing(_asked(library, files, Library.recognize, jobs)) as answers:
        for file, found in zip(map(_name, files), answers, strict=True):
            record = noted(found, file)
            if isinstance(found, Recognition):
                record |= _recognition(found, file, top=top, quiet=quiet)
            yield record


def _scanned(
    library: Library, files: list[str], jobs: int | None, output: Output
) -> Iterator[dict[str, Any]]:
    """Yield the record of each scan once it is told.

    What this process scans is told as it is found; what others scan, when they are done.
    """
    is_live = len(files) == 1 or jobs == 1 or STANDARD_INPUT in files
    ask = ScanFile(output if is_live else None)
    with closing(_asked(library, files, ask, jobs)) as answers:
        for file, found in zip(map(_name, files), answers, strict=True):
            yield told(found, file, output, is_live=is_live)


def _with_options(library: Library, n_candidates: int, max_hours: float) -> Library:
    """Return the library, asked to verify no fewer than ``n_candidates`` songs, within a limit."""
    from fpcore.library import Library

    profile, limits = library.profile, replace(library.limits, max_duration_s=max_hours * 3600)
    if n_candidates > profile.query.n_candidates:
        query = profile.query.model_copy(update={"n_candidates": n_candidates})
        profile = profile.model_copy(update={"query": query})
    return Library(library.store, profile, limits=limits)


def _asked(
    library: Library,
    files: list[str],
    ask: Callable[[Library, AudioSource], AnswerT],
    jobs: int | None,
) -> Generator[AnswerT | AudioError, None, None]:
    """Yield the answer for each file, or why it cannot be decoded."""
    from fpcore.cli.parallel import answers
    from fpcore.errors import AudioError

    if STANDARD_INPUT not in files:
        yield from answers(library, files, ask, n_workers=jobs)
        return
    for file in files:  # other processes have another standard input
        try:
            with _source(file) as source:
                answer = ask(library, source)
        except AudioError as error:
            yield error
        else:
            yield answer


def _name(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _exit_code(records: list[dict[str, Any]]) -> int:
    if any(record["error"] is not None for record in records):
        return EXIT_ERROR
    all_found = all(record.get("match") or record.get("appearances") for record in records)
    return 0 if all_found else EXIT_NO_MATCH


class _StandardInput(SpooledTemporaryFile[bytes]):
    """What came by standard input, as a file that can be read twice; messages call it so."""

    name = "standard input"


@contextmanager
def _source(file: str) -> Iterator[AudioSource]:
    """Open a recording: the path itself, or all of standard input."""
    if file != STANDARD_INPUT:
        yield file
        return
    if sys.stdin is None:
        raise FpError("standard input is closed: name a file instead of -")
    with _StandardInput(SPOOL_BYTES) as spooled:
        shutil.copyfileobj(sys.stdin.buffer, spooled)
        yield cast(BinaryIO, spooled)


def _recognition(found: Recognition, name: str, *, top: int, quiet: bool) -> dict[str, Any]:
    """Tell which song it is, unless ``quiet``, and return it for JSON."""
    candidates = found.candidates[:top]
    if not quiet:
        say(f"{name}: {_sentence(found)}")
        if top > 1:
            _tell_candidates(candidates)
    return {
        "match": None if found.match is None else asdict(found.match),
        "candidates": [asdict(candidate) for candidate in candidates],
        "query_s": found.query_s,
        "heard_s": found.heard_s,
        "n_hashes": found.n_hashes,
        "times": {**asdict(found.times), "total_s": found.times.total_s},
    }


def _sentence(found: Recognition) -> str:
    """Return the answer in words."""
    from fpcore.records import AS_LEARNED

    match = found.match
    if match is not None:
        played = f", played at {match.playback}" if match.playback != AS_LEARNED else ""
        return (
            f'"{match.song_name}" {_place(found, match)}{played}, '
            f"confidence {match.confidence:.3f}, {match.votes} votes "
            f"({found.times.total_s * 1000:.0f} ms)"
        )
    if not found.n_hashes:
        return "no match (nothing to look up: silent, too short, or its channels cancel each other)"
    if not found.candidates:
        return "no match"
    guess = found.candidates[0]
    return f'no match (best guess "{guess.song_name}", probability {guess.probability:.2g})'


def _place(found: Recognition, match: Match) -> str:
    """Return where in the song the recording begins, of a long one where it was heard."""
    from fpcore.stages.windows import LONGEST_S

    if found.heard_s is None or found.query_s <= LONGEST_S:
        return f"at {clock(match.offset_s)}"
    start_s, song_s = match.begun(found.heard_s)
    return (
        f"heard from {clock(start_s)} to {clock(found.heard_s[1])}, where it is at {clock(song_s)}"
    )


def _tell_candidates(candidates: tuple[Match, ...]) -> None:
    print_table(
        (
            ("song", "left"),
            ("begins at", "right"),
            ("votes", "right"),
            ("probability", "right"),
            ("played at", "left"),
            ("", "left"),
        ),
        (
            (
                candidate.song_name,
                clock(candidate.offset_s),
                candidate.votes,
                f"{candidate.probability:.3f}",
                str(candidate.playback),
                "accepted" if candidate.accepted else "",
            )
            for candidate in candidates
        ),
    )
