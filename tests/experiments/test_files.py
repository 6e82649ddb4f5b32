"""Rows and pictures appear whole, in the form that their name says."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.errors import RunError
from experiments.files import read_rows, write_picture, write_rows, writing
from tests.fpcore.store.disks import fill, small_disk

ROWS = pd.DataFrame({"query": ["a", "b"], "votes": [1, 2]})


def test_rows_are_compressed_where_the_name_says_so(tmp_path: Path) -> None:
    write_rows(ROWS, tmp_path / "rows.csv")
    write_rows(ROWS, tmp_path / "rows.csv.gz")
    content = (tmp_path / "rows.csv").read_bytes()
    assert content == b"query,votes\na,1\nb,2\n"
    assert gzip.decompress((tmp_path / "rows.csv.gz").read_bytes()) == content
    pd.testing.assert_frame_equal(read_rows(tmp_path / "rows.csv.gz"), ROWS, check_dtype=False)


def test_rows_that_find_no_room_leave_those_of_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        path = disk / "rows.csv"
        write_rows(ROWS, path)
        fill(disk)
        with pytest.raises(RunError, match="the disk is full"), writing(path):
            write_rows(pd.concat([ROWS] * 10_000), path)
        assert path.read_bytes() == b"query,votes\na,1\nb,2\n"
        assert {one.name for one in disk.iterdir()} == {"rows.csv", "ballast"}


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml"), ("a.pdf", b"%PDF"), ("a", b"\x89PNG")],
)
def test_a_picture_has_the_format_that_its_name_says(
    tmp_path: Path, name: str, begins: bytes
) -> None:
    write_picture(Figure(), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == [name]
