"""Lists that people write: lines of text, and tables with a heading.

Each line has its place, such as ``tracks.csv line 7``. Encoding: UTF-8.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import CorpusError
from fpcore.printable import as_text

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line that is not blank: ``place`` names file and line, ``text`` is None if no UTF-8."""

    place: str
    text: str | None


def read_lines(path: Path) -> tuple[TextLine, ...]:
    """Return the lines of a file that are not blank, numbered from 1, blank ones included.

    Raises
    ------
    CorpusError
        When the file cannot be read, is UTF-16, or has no line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot read {as_text(str(path))}: {error.strerror or error}") from None
    if content.startswith(_WIDE):
        raise CorpusError(f"{path.name} is UTF-16: save it as UTF-8")
    content = content.removeprefix(codecs.BOM_UTF8)
    lines = tuple(
        TextLine(f"{as_text(path.name)} line {number}", _decoded(line))
        for number, line in enumerate(re.split(rb"\r\n|\n|\r", content), start=1)
        if line.strip()
    )
    if not lines:
        raise CorpusError(f"{as_text(str(path))} is empty: it has to list recordings, one a line")
    return lines


class RowFaultError(Exception):
    """A line that is no row of its table; the text says why and what to do, without the place."""

    def __init__(self, text: str, *, is_encoding: bool = False) -> None:
        super().__init__(text)
        self.is_encoding = is_encoding


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading and a row a line, its values separated by one of ``, ; tab``."""

    columns: tuple[str, ...]
    separator: str
    lines: tuple[TextLine, ...]

    def row(self, line: TextLine) -> Mapping[str, str]:
        """Return the values of a line by their columns, without spaces around them.

        Raises
        ------
        RowFaultError
            When it is no text, has a quote that does not end, or another number of values.
        """
        if line.text is None:
            raise RowFaultError("is not UTF-8: save the table as UTF-8", is_encoding=True)
        values = _values(line.text, self.separator)
        if values is None:
            raise RowFaultError("has a quote that does not end: close it")
        if len(values) != len(self.columns):
            raise RowFaultError(
                f"has {len(values)} values for {len(self.columns)} columns: put values with "
                f"{self.separator!r} in double quotes"
            )
        return dict(zip(self.columns, values, strict=True))


def read_table(path: Path, needed: Sequence[str], *, otherwise: str = "") -> Table:
    """Return a table whose heading has certain columns.

    Parameters
    ----------
    path : Path
        The file.
    needed : sequence of str
        Columns that it has to have.
    otherwise : str, optional
        Ends the sentence about columns that are missing.

    Raises
    ------
    CorpusError
        When it cannot be read, has no row, or a heading without these columns or with a column
        twice.
    """
    heading, *lines = read_lines(path)
    if heading.text is None:
        raise CorpusError(f"{heading.place} is not UTF-8: save the table as UTF-8")
    by_separator = {one: _values(heading.text, one) or [] for one in ",;\t"}
    separator = max(by_separator, key=lambda one: len({*needed} & {*by_separator[one]}))
    columns = by_separator[separator]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise CorpusError(
            f"{heading.place} has no column {' and no column '.join(missing)}: the heading has to "
            f"name the column{'s' * (len(needed) > 1)} {' and '.join(needed)}{otherwise}"
        )
    for name, n in Counter(columns).items():
        if n > 1 or not name:
            what = f"{n} columns {name!r}" if name else "a column without a name"
            raise CorpusError(f"{heading.place} has {what}: give each a name of its own")
    if not lines:
        raise CorpusError(f"{path.name} has a heading and no recordings: list them, one a line")
    return Table(tuple(columns), separator, tuple(lines))


def _values(text: str, separator: str) -> list[str] | None:
    """Return the values of a line without spaces around them; None where a quote does not end."""
    try:
        [values] = csv.reader([text], delimiter=separator, strict=True)
    except csv.Error:
        return None
    return [value.strip() for value in values]


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None
