"""``fpcore explain``: a picture of how a recognition came about."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fpcore.cli import options
from fpcore.cli.output import complain_of, print_json, say
from fpcore.errors import FpError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_SUFFIX = ".png"


def explain(
    file: Annotated[Path, typer.Argument(metavar="FILE", readable=False, help="A recording.")],
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="PNG", readable=False, help="The picture to write."),
    ] = Path("explanation.png"),
    db: options.Database = options.DEFAULT_DATABASE,
    profile: options.ProfileName = None,
    as_json: options.AsJson = False,
) -> None:
    """Draw how a recording was recognised, or why it was not.

    The picture shows the constellation of the recording over that of the likeliest song, the
    hits that lie on one line, and the histogram of offsets with the peak that decides.

    \b
    Example:
      fpcore explain noisy.wav -o why.png

    Exit codes: 0 the picture is written, whatever it shows, 1 something failed.
    """
    from fpcore.display.explanation import check_target, save_explanation
    from fpcore.search.explain import explain as explanation_of

    check_target(output)
    _check_is_for_pictures(output)
    with options.open_library(db, profile) as library:
        trace = library.align(file)
        explanation = explanation_of(trace, library.store, library.profile)
    save_explanation(explanation, output)
    match = trace.recognition.match
    complain_of(str(file), trace.cut, trace.remixed)
    if as_json:
        found = None if match is None else asdict(match)
        cut = trace.cut and asdict(trace.cut)
        remixed = trace.remixed and asdict(trace.remixed)
        told = {"file": str(file), "picture": str(output), "match": found}
        print_json({**told, "cut": cut, "remixed": remixed})
        return
    answer = "no match" if match is None else f'"{match.song_name}"'
    say(f"{file}: {answer}; {output} shows why")


def _check_is_for_pictures(output: Path) -> None:
    """Refuse to write over anything but a picture: it may be the recording, or the database.

    And to write one under a name that says that it is something else.
    """
    if output.is_file() and output.stat().st_size:
        with output.open("rb") as file:
            if file.read(len(PNG_SIGNATURE)) != PNG_SIGNATURE:
                raise FpError(f"{output} exists and is no PNG picture: choose another --output")
    if output.suffix.lower() not in ("", PNG_SUFFIX):
        raise FpError(f"{output} would be a PNG picture: name it {output.with_suffix(PNG_SUFFIX)}")
