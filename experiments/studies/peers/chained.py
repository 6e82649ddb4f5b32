"""Rows that are appended one by one, each with a checksum that covers those before it, too.

So a row that was changed, put in another place, or taken from another table or comparison is
noticed, however far the file had grown. The checksum is the last column. Files of before there were
checksums have no such column; they are read, and gone on with, as they are.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import RunError
from fpcore import atomic

COLUMN = "checksum"

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Chained:
    """The rows of a file as texts, without their checksums.

    ``last`` is the checksum of the last one, of the file's ``origin`` when there is none, and None
    when the file has no checksums. ``is_torn`` says that half a row follows, or that there is but
    half of a header and so no columns: whoever wrote it was killed.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    last: str | None
    is_torn: bool = False


def origin(*parts: object) -> str:
    """Return the checksum that the first row of a file is chained to; ``parts`` are JSON."""
    return _checksum("", [json.dumps(part, sort_keys=True) for part in parts])


def read(file: Path, first: str) -> Chained:
    """Return the rows of a file.

    Parameters
    ----------
    file : Path
        The file.
    first : str
        Its `origin`.

    Raises
    ------
    RunError
        When it cannot be read, or a row is not as it was written.
    """
    try:
        # All but a letter that was torn, too.
        text = codecs.getincrementaldecoder("utf-8")().decode(file.read_bytes())
        if "\n" not in text:
            return Chained((), (), first, is_torn=True)
        header, *rows = csv.reader(io.StringIO(text, newline=""))
    except OSError as error:
        raise RunError(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, csv.Error):
        raise changed(file, "its header") from None
    if header[-1:] != [COLUMN]:
        return Chained(tuple(header), tuple(map(tuple, rows)), None)
    kept: list[tuple[str, ...]] = []
    last, is_open = first, not text.endswith("\n") or text.count('"') % 2 == 1
    for number, row in enumerate(rows, start=1):
        checksum = _checksum(last, row[:-1])
        if len(row) != len(header) or row[-1] != checksum:
            if number == len(rows) and is_open:
                return Chained(tuple(header[:-1]), tuple(kept), last, is_torn=True)
            raise changed(file, f"row {number}")
        last = checksum
        kept.append(tuple(row[:-1]))
    return Chained(tuple(header[:-1]), tuple(kept), last)


def without_torn_row(file: Path, first: str) -> None:
    """Take half a row away from the end of a file; ``first`` is its `origin`."""
    found = read(file, first)
    if found.is_torn and not found.columns:
        file.unlink()
    elif found.is_torn:
        last, lines = first, line([*found.columns, COLUMN])
        for row in found.rows:
            last = _checksum(last, row)
            lines += line([*row, last])
        atomic.write_text(file, lines, durable=True)


def append(file: Path, columns: Sequence[str], row: Sequence[str], last: str | None) -> str | None:
    """Append a row to a file, which is begun with its columns when it is not there.

    Parameters
    ----------
    file : Path
        The file.
    columns : sequence of str
        What its columns are called.
    row : sequence of str
        As many texts.
    last : str or None
        The checksum of the last row so far; None where the file has no checksums.

    Returns
    -------
    str or None
        The checksum of this row.
    """
    checksum = None if last is None else _checksum(last, row)
    with file.open("a", encoding="utf-8", newline="") as stream:
        if not stream.tell():
            stream.write(line([*columns, COLUMN]))
        stream.write(line(row if checksum is None else [*row, checksum]))
    return checksum


def line(fields: Sequence[str]) -> str:
    """Return fields as a line of CSV."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(fields)
    return stream.getvalue()


def _checksum(last: str, row: Sequence[str]) -> str:
    text = json.dumps([last, *row])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_DIGITS]


def changed(file: Path, where: str) -> RunError:
    """Return the error for a file that is not as it was written; ``where`` says of what."""
    return RunError(
        f"{file} is not as it was written ({where}): put back a good copy of it, or remove the "
        f"folder {file.parent} and give the same command again"
    )
