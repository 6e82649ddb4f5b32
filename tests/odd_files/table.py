"""The table of the odd files: what becomes of each, a line of `table.txt` for every input."""

from __future__ import annotations

from pathlib import Path

from tests.odd_files.answers import Answer

_FILE = Path(__file__).with_name("table.txt")


def line(name: str, answer: Answer) -> str:
    """Return a line: the input, how it was learned, where it was recognised, what was told."""
    columns = f"{name:38} | {answer.learned:17} | {answer.recognised:10} | {answer.told}"
    return columns.rstrip()


def expected() -> dict[str, Answer]:
    """Return what shall become of each input, by its name."""
    rows = [one.split("|") for one in _FILE.read_text(encoding="utf-8").splitlines()]
    return {name.strip(): Answer(*(cell.strip() for cell in rest)) for name, *rest in rows}
