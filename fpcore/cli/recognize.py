"""``fpcore recognize``: which songs are heard in recordings."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeVar, cast

import typer

from fpcore.cli import options
from fpcore.cli.output import clock, complain, complain_of, counted, print_json, print_table, say
from fpcore.errors import FpError

if TYPE_CHECKING:
    from fpcore.errors import AudioError
    from fpcore.library import AudioSource, Library
    from fpcore.records import Appearance, Cut, Match, Recognition, Remixed, Scanned

EXIT_ERROR = 1
EXIT_NO_MATCH = 3

AnswerT = TypeVar("AnswerT")

STANDARD_INPUT = "-"
SPOOL_BYTES = 64_000_000
"""Standard input is kept in memory up to this size, and on the disk beyond."""


def recognize(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Recordings; '-' is one from standard input."),
    ],
    *,
    scan: Annotated[
        bool,
        typer.Option("--scan", help="Report every song heard in a long recording, and when."),
    ] = False,
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
) -> None:
    """Recognise recordings: which song each is, and where in the song it begins.

    The confidence lies between 0 and 1. When it is below the profile's threshold the answer is
    "no match", with the best guess. Answers come in the order of the files; one that cannot be
    decoded does not stop the others, and of one that is cut off what there is is used. Of a long
    recording only the beginning is used (a minute, unless the profile says otherwise): --scan
    hears it to its end.

    \b
    Examples:
      fpcore recognize noisy.wav
      fpcore recognize --scan concert.mp3
      ffmpeg -i talk.mkv -f wav - | fpcore recognize -

    Exit codes: 0 a match for every file, 3 no match for some, 1 something failed.
    """
    records: list[dict[str, Any]] = []
    with options.open_library(db, profile) as opened:
        library = _with_candidates(opened, top)
        asked = _scanned(library, files, jobs) if scan else _recognised(library, files, jobs)
        with closing(asked):
            for file, found in zip(files, asked, strict=True):
                records.append(_told(found, _name(file), top=top, quiet=as_json))
    if as_json:
        print_json({"results": records})
    raise typer.Exit(_exit_code(records))


def _with_candidates(library: Library, n_candidates: int) -> Library:
    """Return the library, asked to verify no fewer than ``n_candidates`` songs."""
    from fpcore.library import Library

    profile = library.profile
    if n_candidates <= profile.query.n_candidates:
        return library
    query = profile.query.model_copy(update={"n_candidates": n_candidates})
    return Library(library.store, profile.model_copy(update={"query": query}))


def _recognised(
    library: Library, files: list[str], jobs: int | None
) -> Generator[Recognition | AudioError, None, None]:
    from fpcore.library import Library

    return _asked(library, files, Library.recognize, jobs)


def _scanned(
    library: Library, files: list[str], jobs: int | None
) -> Generator[Scanned | AudioError, None, None]:
    return _asked(library, files, _scan, jobs)


def _scan(library: Library, source: AudioSource) -> Scanned:
    from fpcore.records import Scanned

    cuts: list[Cut] = []
    remixed: list[Remixed] = []
    appearances = list(library.scan(source, on_cut=cuts.append, on_remixed=remixed.append))
    return Scanned(appearances, next(iter(cuts), None), next(iter(remixed), None))


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


def _told(
    found: Recognition | Scanned | AudioError, name: str, *, top: int, quiet: bool
) -> dict[str, Any]:
    """Tell an answer, unless ``quiet``, and return it for JSON; always tell what went wrong."""
    from fpcore.errors import AudioError
    from fpcore.records import Scanned

    if isinstance(found, AudioError):
        complain(str(found))
        return {"file": name, "error": str(found)}
    complain_of(name, found.cut, found.remixed)
    told = {
        "file": name,
        "error": None,
        "cut": found.cut and asdict(found.cut),
        "remixed": found.remixed and asdict(found.remixed),
    }
    if isinstance(found, Scanned):
        return told | _appearances(found.appearances, name, quiet=quiet)
    return told | _recognition(found, name, top=top, quiet=quiet)


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
            f'"{match.song_name}" at {clock(match.offset_s)}{played}, '
            f"confidence {match.confidence:.3f}, {match.votes} votes "
            f"({found.times.total_s * 1000:.0f} ms)"
        )
    if not found.n_hashes:
        return "no match (nothing to look up: silent, too short, or its channels cancel each other)"
    if not found.candidates:
        return "no match"
    guess = found.candidates[0]
    return f'no match (best guess "{guess.song_name}", probability {guess.probability:.2g})'


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


def _appearances(found: list[Appearance], name: str, *, quiet: bool) -> dict[str, Any]:
    """Tell which songs are heard when, unless ``quiet``, and return them for JSON."""
    if not quiet:
        say(f"{name}: {counted(len(found), 'appearance')}" if found else f"{name}: no match")
        if found:
            _tell_appearances(found)
    return {"appearances": [asdict(appearance) for appearance in found]}


def _tell_appearances(appearances: list[Appearance]) -> None:
    print_table(
        (
            ("from", "right"),
            ("to", "right"),
            ("song", "left"),
            ("at", "right"),
            ("confidence", "right"),
            ("votes", "right"),
            ("played at", "left"),
        ),
        (
            (
                clock(appearance.start_s),
                clock(appearance.end_s),
                appearance.song_name,
                clock(appearance.song_offset_s),
                f"{appearance.confidence:.3f}",
                appearance.votes,
                str(appearance.playback),
            )
            for appearance in appearances
        ),
    )
