"""``fpcore reindex``: the same songs under another profile."""

from __future__ import annotations

from typing import Annotated

import typer

from fpcore.cli import options
from fpcore.cli.output import complain, counted, print_json, progress_bar, say

EXIT_GONE = 1
EXIT_INTERRUPTED = 130


def reindex(
    *,
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME|FILE", help="The profile to index under.")
    ],
    drop_gone: Annotated[
        bool,
        typer.Option(
            "--drop-gone", help="Go on without the songs whose audio is gone, if others remain."
        ),
    ] = False,
    jobs: options.Jobs = None,
    db: options.Database = options.DEFAULT_DATABASE,
    wait: options.WaitS = options.DEFAULT_WAIT_S,
    as_json: options.AsJson = False,
) -> None:
    """Learn all songs of the database again under another profile, from their files.

    The new database is made beside the old one and takes its place at the end, in one step.
    Until then the old one can be used; songs learned or removed meanwhile are taken over. To
    take its place, nobody may have the old one open: stop the service before the end.

    Songs whose audio is gone are listed; then the old database stays, unless told otherwise. Of
    music that was moved, `fpcore learn` of its new folder tells the database where it is.
    The same command goes on with what was interrupted. A run that comes to its end removes what
    runs under other profiles have left beside the database. A snapshot is of the old database
    and is removed: `fpcore snapshot` makes a new one.

    \b
    Example:
      fpcore reindex --profile mine

    Exit codes: 0 done, 1 some audio is gone or something failed, 130 interrupted.
    """
    from fpcore.bulk.reindex import reindex as made_anew
    from fpcore.profiles import load_profile

    chosen = load_profile(profile)
    file = options.file_of(db, "reindex")
    options.require(file)
    try:
        with progress_bar("indexing") as note:
            made = made_anew(
                file, chosen, drop_gone=drop_gone, n_workers=jobs, busy_timeout_s=wait, note=note
            )
    except KeyboardInterrupt:
        complain("interrupted: the same command goes on from there")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        gone = [
            {"id": one.song.id, "name": one.song.name, "reason": one.reason} for one in made.gone
        ]
        print_json({"n_songs": made.n_songs, "swapped": made.swapped, "gone": gone})
    elif made.swapped:
        say(f"{db}: {counted(made.n_songs, 'song')} indexed under profile {chosen.name}")
    elif not made.gone:
        say(f"{db}: has the configuration of profile {chosen.name} already")
    for left in made.tidied:
        complain(f"removed what an earlier run had left unfinished: {left}")
    for one in made.gone:
        complain(f"{one.song.name}: {one.reason}")
    if made.gone and not made.swapped:
        complain(
            f"{db} is unchanged: restore the files and give the same command again, or go on "
            "without these songs (--drop-gone)"
        )
        raise typer.Exit(EXIT_GONE)
