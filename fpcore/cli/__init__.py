"""The command ``fpcore``.

Conventions of every command: answers go to standard output, complaints and progress to standard
error. With ``--json`` standard output holds JSON alone. What goes wrong is told in one line that
starts with ``fpcore:``. Whatever is slow to import is imported by the command that needs it, so
that help comes at once.
"""

from __future__ import annotations

from typing import NoReturn

import typer

from fpcore.cli import (
    convert,
    explain,
    index,
    learn,
    options,
    process,
    profiles,
    recognize,
    reindex,
    snapshot,
    songs,
)

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
options.with_version(app, "fpcore")
app.command("learn")(learn.learn)
app.command("recognize", short_help="Recognise recordings, or tell that there is no match.")(
    recognize.recognize
)
app.command("explain")(explain.explain)
app.command("songs")(songs.songs)
app.command("rename")(songs.rename)
app.command("remove")(songs.remove)
app.command("stats", short_help="Tell how large the database is.")(index.stats)
app.command("check", short_help="Check that the database is whole.")(index.check)
app.command("snapshot", short_help="Make look-ups as fast as they can be.")(snapshot.snapshot)
app.command("backup", short_help="Copy the database while it is in use.")(index.backup)
app.command("reindex", short_help="Index the same songs under another profile.")(reindex.reindex)
app.command("convert", short_help="Bring a database of before into today's layout.")(
    convert.convert
)
app.add_typer(profiles.app, name="profile", short_help="Show and compare configurations.")


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    process.run(app, name="fpcore")
