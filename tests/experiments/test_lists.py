"""Lines of text files as people have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.errors import CorpusError
from experiments.lists import read_lines


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_lines_are_numbered_with_blank_ones_counted_and_left_out(
    tmp_path: Path, ending: bytes
) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(
        b"\xef\xbb\xbf" + ending.join([b"one", b"", "zwei \u00e4".encode(), b" ", b"\xff"])
    )
    assert [(line.place, line.text) for line in read_lines(path)] == [
        ("list.txt line 1", "one"),
        ("list.txt line 3", "zwei \u00e4"),
        ("list.txt line 5", None),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is empty"), (b"\n \r\n", "is empty"), ("a".encode("utf-16"), "save it as UTF-8")],
)
def test_a_file_without_lines_or_in_utf_16_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=sentence):
        read_lines(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot read .*none.txt: No such file"):
        read_lines(tmp_path / "none.txt")
