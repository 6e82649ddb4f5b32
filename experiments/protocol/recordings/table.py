"""The layout ``csv``: a table with a heading and a recording a line.

Columns: ``file`` (relative to the table), ``song`` (its id, path or name among the known songs;
``none`` for a stranger, or ``none: NAME`` where several recordings are of the same stranger), and
if you like ``start_s``, the place in the song at which the recording begins, in seconds. All other
columns are groups, such as device, room or distance; ``condition`` is the name of the condition
in the rows, which is otherwise "recorded". Values are separated by commas, semicolons or tabs; one
in double quotes may hold any of them. Encoding: UTF-8.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from experiments.errors import CorpusError
from experiments.protocol.recordings.contract import Entry, Fault, Listed
from experiments.protocol.recordings.lines import TextLine, read_lines

NEEDED = ("file", "song")
PLACE = "start_s"


def read(path: Path) -> Listed:
    """Return what a table lists.

    Raises
    ------
    CorpusError
        When it cannot be read, or has no heading with the columns that are needed.
    """
    heading, *lines = read_lines(path)
    columns, separator = _columns(heading)
    if not lines:
        raise CorpusError(f"{path.name} has a heading and no recordings: list them, one a line")
    base = path.absolute().parent
    return Listed(
        base,
        tuple(_row(line, columns, separator) for line in lines),
        finds=lambda known, text: known.named(text, base),
        columns=tuple(name for name in columns if name not in (*NEEDED, PLACE)),
    )


def _columns(heading: TextLine) -> tuple[list[str], str]:
    """Return the names of the columns, and what separates them."""
    if heading.text is None:
        raise CorpusError(f"{heading.place} is not UTF-8: save the table as UTF-8")
    by_separator = {one: _values(heading.text, one) or [] for one in ",;\t"}
    separator = max(by_separator, key=lambda one: len({*NEEDED} & {*by_separator[one]}))
    columns = by_separator[separator]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise CorpusError(
            f"{heading.place} has no column {' and no column '.join(missing)}: the heading has to "
            "name the columns file and song (lists of other layouts need --layout)"
        )
    for name, n in Counter(columns).items():
        if n > 1 or not name:
            what = f"{n} columns {name!r}" if name else "a column without a name"
            raise CorpusError(f"{heading.place} has {what}: give each a name of its own")
    return columns, separator


def _row(line: TextLine, columns: Sequence[str], separator: str) -> Entry | Fault:
    if line.text is None:
        return Fault("wrong encoding", f"{line.place} is not UTF-8: save the table as UTF-8")
    values = _values(line.text, separator)
    if values is None:
        return Fault("unreadable row", f"{line.place} has a quote that does not end: close it")
    if len(values) != len(columns):
        return Fault(
            "unreadable row",
            f"{line.place} has {len(values)} values for {len(columns)} columns: put values with "
            f"{separator!r} in double quotes",
        )
    row = dict(zip(columns, values, strict=True))
    file, song, start_s = row.pop("file"), row.pop("song"), row.pop(PLACE, "")
    return Entry(line.place, file, song, start_s, row)


def _values(text: str, separator: str) -> list[str] | None:
    """Return the values of a line without spaces around them; None where a quote does not end."""
    try:
        [values] = csv.reader([text], delimiter=separator, strict=True)
    except csv.Error:
        return None
    return [value.strip() for value in values]
