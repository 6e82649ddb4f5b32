"""The layout ``csv``: a table with a heading and a recording a line.

Columns: ``file`` (relative to the table), ``song`` (its id, path or name among the known songs;
``none`` for a stranger, or ``none: NAME`` where several recordings are of the same stranger), and
if you like ``start_s``, the place in the song at which the recording begins, in seconds. All other
columns are groups, such as device, room or distance; ``condition`` is the name of the condition
in the rows, which is otherwise "recorded". Values are separated by commas, semicolons or tabs; one
in double quotes may hold any of them. Encoding: UTF-8.
"""

from __future__ import annotations

from pathlib import Path

from experiments.lists import RowFaultError, Table, TextLine, read_table
from experiments.protocol.recordings.contract import Entry, Fault, FaultKind, Listed

NEEDED = ("file", "song")
PLACE = "start_s"


def read(path: Path) -> Listed:
    """Return what a table lists.

    Raises
    ------
    CorpusError
        When it cannot be read, or has no heading with the columns that are needed.
    """
    table = read_table(path, NEEDED, otherwise=" (lists of other layouts need --layout)")
    base = path.absolute().parent
    return Listed(
        base,
        tuple(_row(table, line) for line in table.lines),
        finds=lambda known, text: known.named(text, base),
        columns=tuple(name for name in table.columns if name not in (*NEEDED, PLACE)),
    )


def _row(table: Table, line: TextLine) -> Entry | Fault:
    try:
        row = dict(table.row(line))
    except RowFaultError as fault:
        kind: FaultKind = "wrong encoding" if fault.is_encoding else "unreadable row"
        return Fault(kind, f"{line.place} {fault}")
    file, song, start_s = row.pop("file"), row.pop("song"), row.pop(PLACE, "")
    return Entry(line.place, file, song, start_s, row)
