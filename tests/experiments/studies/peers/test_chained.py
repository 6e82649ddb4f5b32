"""Rows with checksums: what was changed, moved or taken from elsewhere is noticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.studies.peers import chained

COLUMNS = ("query", "answer")
ROWS = (("1", "song, with a comma"), ("2", 'a "word"'), ("3", ""), ("4", "Ä\nline"))
FIRST = chained.origin({"seed": 0}, "outcomes")


def _written(file: Path, first: str = FIRST) -> Path:
    last: str | None = first
    for row in ROWS:
        last = chained.append(file, COLUMNS, row, last)
    return file


def test_rows_come_back_and_others_go_on_after_them(tmp_path: Path) -> None:
    file = _written(tmp_path / "rows.csv")
    found = chained.read(file, FIRST)
    assert (found.columns, found.rows, found.is_torn) == (COLUMNS, ROWS, False)
    last = chained.append(file, COLUMNS, ("5", "more"), found.last)
    again = chained.read(file, FIRST)
    assert (again.rows, again.last) == ((*ROWS, ("5", "more")), last)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("comma", "colon"),
        lambda text: text.replace("2,", "7,", 1),
        lambda text: "".join([text.splitlines(True)[0], *text.splitlines(True)[2:]]),
        lambda text: text + text.splitlines(True)[1],
    ],
    ids=["a word", "a number", "a row is gone", "a row twice"],
)
def test_what_is_not_as_it_was_written_is_refused(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    file = _written(tmp_path / "rows.csv")
    file.write_bytes(change(file.read_bytes().decode()).encode())
    with pytest.raises(RunError, match=r"not as it was written \(row \d\): put back a good copy"):
        chained.read(file, FIRST)


def test_rows_of_another_comparison_are_refused(tmp_path: Path) -> None:
    file = _written(tmp_path / "rows.csv", chained.origin({"seed": 1}, "outcomes"))
    with pytest.raises(RunError, match=r"row 1"):
        chained.read(file, FIRST)


def test_half_a_row_is_taken_away_wherever_it_was_torn(tmp_path: Path) -> None:
    whole = _written(tmp_path / "rows.csv").read_bytes()
    file = tmp_path / "torn.csv"
    for n_bytes in range(len(whole)):
        file.write_bytes(whole[:n_bytes])
        found = chained.read(file, FIRST)
        assert found.rows == ROWS[: len(found.rows)]
        chained.without_torn_row(file, FIRST)
        left = chained.read(file, FIRST) if file.exists() else chained.Chained((), (), FIRST)
        assert (left.rows, left.last, left.is_torn) == (found.rows, found.last, False)


def test_files_of_before_there_were_checksums_are_read_and_gone_on_with(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("query,answer\n1,a\n")
    found = chained.read(file, FIRST)
    assert (found.rows, found.last) == ((("1", "a"),), None)
    chained.append(file, COLUMNS, ("2", "b"), found.last)
    assert chained.read(file, FIRST).rows == (("1", "a"), ("2", "b"))


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot read"):
        chained.read(tmp_path / "none.csv", FIRST)
    (tmp_path / "rows.csv").write_bytes(b"\xff\xfe\n")
    with pytest.raises(RunError, match="its header"):
        chained.read(tmp_path / "rows.csv", FIRST)
