"""Lines of a text file, each with its place in it and a fault where it is no text."""

from __future__ import annotations

import codecs
import re
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


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None
