"""``fpcore convert``: a database of before, in the layout of today."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fpcore.cli import options
from fpcore.cli.output import complain, counted, print_json, progress_bar, say, size

if TYPE_CHECKING:
    from fpcore.store import StoreStats

EXIT_INTERRUPTED = 130


def convert(
    *,
    db: options.Database = options.DEFAULT_DATABASE,
    wait: options.WaitS = options.DEFAULT_WAIT_S,
    as_json: options.AsJson = False,
) -> None:
    """Bring a database of the classic layout into that of today; it needs no audio.

    Databases that were made before there were segments, or for queries in SQL, keep all postings
    in one table: learning a song then writes more, the larger the database. Converted, it writes
    what the song weighs. Answers, songs and their ids stay the same.

    Others can use the database meanwhile, but for the end: stop the service before that. The same
    command goes on with what was interrupted.

    \b
    Example:
      fpcore convert

    Exit codes: 0 done, 1 something failed, 130 interrupted.
    """
    from fpcore.store.conversion import convert as converted

    file = options.file_of(db, "convert")
    options.require(file)
    try:
        with progress_bar("converting") as note:
            is_new = converted(file, busy_timeout_s=wait, note=note)
        stats = _indexed(file)
    except KeyboardInterrupt:
        complain("interrupted: the same command goes on from there")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json({"converted": is_new, **asdict(stats)})
    elif is_new:
        say(f"{db}: {counted(stats.n_songs, 'song')} converted, now {size(stats.file_bytes)}")
    else:
        say(f"{db}: has the layout of today already")


def _indexed(db: Path) -> StoreStats:
    """Write the files that look-ups read, and return what there is."""
    with options.open_existing(db) as store, progress_bar("indexing") as note:
        store.make_snapshot(note)
        return store.stats()
