"""The layout ``csv``, as programs and people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.errors import CorpusError
from experiments.protocol.recordings import table
from experiments.protocol.recordings.contract import Entry, Fault


def listed(folder: Path, content: str | bytes) -> table.Listed:
    path = folder / "r.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return table.read(path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_reads_the_same_however_it_is_written(
    tmp_path: Path, separator: str, end: str, mark: str
) -> None:
    lines = [
        "device|file|song|start_s|room",
        'phone|"a, b;\tc.wav"|é|1.5|',
        "",
        " x |d.wav|none||y",
    ]
    found = listed(tmp_path, mark + end.join(lines).replace("|", separator))
    assert found.base == tmp_path
    assert found.columns == ("device", "room")
    assert found.rows == (
        Entry("r.csv line 2", "a, b;\tc.wav", "é", "1.5", {"device": "phone", "room": ""}),
        Entry("r.csv line 4", "d.wav", "none", "", {"device": "x", "room": "y"}),
    )


def test_a_row_that_cannot_be_read_is_told_with_its_line_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    content = b'file,song\na.wav,x\n"b.wav,x\nc.wav\nd,e,f\ncaf\xe9.wav,x\n"g.wav",x\n'
    rows = listed(tmp_path, content).rows
    assert [row.file for row in rows if isinstance(row, Entry)] == ["a.wav", "g.wav"]
    faults = [row for row in rows if isinstance(row, Fault)]
    assert [fault.kind for fault in faults] == ["unreadable row"] * 3 + ["wrong encoding"]
    assert [fault.sentence.partition(":")[0] for fault in faults] == [
        "r.csv line 3 has a quote that does not end",
        "r.csv line 4 has 1 values for 2 columns",
        "r.csv line 5 has 3 values for 2 columns",
        "r.csv line 6 is not UTF-8",
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "r.csv is empty"),
        (b"\n \r\n", "r.csv is empty"),
        (b"file,song\n", "has a heading and no recordings"),
        (b"path,song\na,b\n", "r.csv line 1 has no column file: .*--layout"),
        (b"\na.wav\nb.wav\n", "r.csv line 2 has no column file and no column song"),
        (b"file,song,room,room\n", "has 2 columns 'room': give each a name"),
        (b"file,song,\n", "has a column without a name"),
        ("file,song\n".encode("utf-16"), "r.csv is UTF-16: save it as UTF-8"),
        (b"file,song,ger\xe4t\n", "r.csv line 1 is not UTF-8"),
    ],
)
def test_a_table_without_what_is_needed_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    with pytest.raises(CorpusError, match=complaint):
        listed(tmp_path, content)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot read .*none\.csv: No such file"):
        table.read(tmp_path / "none.csv")
