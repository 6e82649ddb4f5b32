"""Rows and pictures appear whole, in the form that their name says."""

from __future__ import annotations

import errno
import gzip
import os
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


def test_a_full_disk_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"the disk is full .*same command again"), writing(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_rows_keep_every_bit_and_empty_texts_stay_texts(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "query": ["a,b", 'say "x"'],
            "answer": ["", "NA"],
            "probability": [0.1 + 0.2, 5e-324],
            "offset_error_s": [float("nan"), -0.0],
            "right": [True, False],
        }
    )
    write_rows(rows, tmp_path / "rows.csv")
    again = read_rows(tmp_path / "rows.csv")
    pd.testing.assert_frame_equal(again, rows, check_exact=True)
    write_rows(again, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "rows.csv").read_bytes()
