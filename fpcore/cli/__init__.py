"""The command ``fpcore``.

Conventions of every command: answers go to standard output, complaints and progress to standard
error. With ``--json`` standard output holds JSON alone. What goes wrong is told in one line that
starts with ``fpcore:``. Whatever is slow to import is imported by the command that needs it, so
that help comes at once.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from fpcore.cli import explain, index, learn, profiles, recognize, songs
from fpcore.cli.output import complain

EXIT_ERROR = 1

app = typer.Typer(
    name="fpcore",
    help=(
        "Learn music, and recognise noisy recordings of it.\n\n"
        "Start with a folder of music, then ask with any recording of it:\n\n"
        "\b\n"
        "  fpcore learn ~/Music\n"
        "  fpcore recognize noisy.wav\n\n"
        "Every command tells more with --help, and answers in JSON with --json.\n\n"
        "Exit codes: 0 done, 1 something failed (a sentence says what), 2 wrong usage, "
        "3 no match (recognize only), 130 interrupted."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("learn")(learn.learn)
app.command("recognize", short_help="Recognise recordings, or tell that there is no match.")(
    recognize.recognize
)
app.command("explain")(explain.explain)
app.command("songs")(songs.songs)
app.command("remove")(songs.remove)
app.command("stats", short_help="Tell how large the database is.")(index.stats)
app.command("check", short_help="Check that the database is whole.")(index.check)
app.command("backup", short_help="Copy the database while it is in use.")(index.backup)
app.add_typer(profiles.app, name="profile", short_help="Show and compare configurations.")


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not keep the answer from the user.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the answer has had enough; keep the interpreter from flushing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or EXIT_ERROR
    except OSError as error:
        complain(f"the answer cannot be written: {error.strerror}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_ERROR
    sys.exit(code)


def _run() -> int:
    """Return the exit code, after telling in one line what went wrong."""
    from fpcore.errors import FpError

    try:
        app()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except FpError as error:
        complain(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        complain(f"{where}{error.strerror or error}")
    except MemoryError:
        complain("there is not enough memory for this")
    return EXIT_ERROR
