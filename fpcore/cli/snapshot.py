"""``fpcore snapshot``: what look-ups read, in a form that makes them fast."""

from __future__ import annotations

from dataclasses import asdict
from time import monotonic

from fpcore.cli import options
from fpcore.cli.output import clock, counted, print_json, progress_bar, say, size


def snapshot(
    *,
    db: options.Database = options.DEFAULT_DATABASE,
    as_json: options.AsJson = False,
) -> None:
    """Make recognition as fast as it can be in a large database; it changes no answer.

    What look-ups read lies in the folder DATABASE.segments, which learning keeps up to date: the
    files in it are merged into one. In a database in the classic layout, as they were made before
    there were segments, it is copied to the file DATABASE.snapshot, and songs learned later are
    looked up in the database until the command is given again (`fpcore convert` brings it into the
    layout of today, which needs no such thing). Programs that recognise, the
    running service among them, go on meanwhile. Never write into these files.

    \b
    Example:
      fpcore snapshot

    Exit codes: 0 done, 1 it could not be made; then the one that was there stays.
    """
    began = monotonic()
    with options.open_existing(db) as store, progress_bar("copying postings") as note:
        made = store.make_snapshot(note)
    elapsed_s = monotonic() - began
    if as_json:
        print_json({**asdict(made), "path": str(made.path), "elapsed_s": elapsed_s})
    else:
        say(
            f"{made.path}: {counted(made.n_songs, 'song')}, "
            f"{counted(made.n_postings, 'posting')}, {size(made.file_bytes)}, in "
            f"{clock(elapsed_s)}"
        )
