"""Recordings are read from paths, bytes and open files, and a fault is told in a sentence."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, cast

import pytest

from clients.rest.errors import UnreadableError
from clients.rest.recordings import PIECE_BYTES, UNNAMED, recording

CONTENT = bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"end"


def read(source: Any, filename: str | None = None) -> tuple[str, int | None, bytes]:
    """Return the name, the length and the content of a source."""
    opened = recording(source, filename).open()
    try:
        return opened.name, opened.n_bytes, b"".join(opened.pieces())
    finally:
        opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a song.wav"
    path.write_bytes(CONTENT)
    return path


def test_a_path_is_opened_for_each_try_and_closed_after_it(path: Path) -> None:
    given = recording(path)
    assert given.is_repeatable
    for _ in range(2):
        opened = given.open()
        assert (opened.name, opened.n_bytes) == ("a song.wav", len(CONTENT))
        assert b"".join(opened.pieces()) == CONTENT
        opened.close()
        assert opened.file.closed
    assert read(str(path)) == read(path)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_sent_under_the_name_that_is_given(kind: Any) -> None:
    assert read(kind(CONTENT)) == (UNNAMED, len(CONTENT), CONTENT)
    assert read(kind(CONTENT), "mine.wav")[0] == "mine.wav"


def test_a_file_is_read_from_where_it_stands_and_stays_open(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(100)
        given = recording(file)
        assert given.is_repeatable
        for _ in range(2):
            opened = given.open()
            assert (opened.name, opened.n_bytes) == ("a song.wav", len(CONTENT) - 100)
            assert b"".join(opened.pieces()) == CONTENT[100:]
            opened.close()
        assert not file.closed


def test_a_pipe_is_read_once_and_its_length_is_not_known() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as reading, os.fdopen(theirs, "wb") as writing:
        writing.write(b"heard")
        writing.close()
        assert not recording(reading).is_repeatable
        assert read(reading) == (UNNAMED, None, b"heard")


def test_of_a_file_that_grows_as_much_is_sent_as_was_stated(path: Path) -> None:
    opened = recording(path).open()
    with path.open("ab") as growing:
        growing.write(b"more")
    assert b"".join(opened.pieces()) == CONTENT
    opened.close()


def test_a_file_that_shrinks_is_not_sent_as_if_it_were_whole(path: Path) -> None:
    opened = recording(path).open()
    os.truncate(path, 100)
    with pytest.raises(UnreadableError, match=r"^a song.wav became shorter meanwhile: send"):
        list(opened.pieces())
    opened.close()


@pytest.mark.parametrize(
    ("name", "cause"),
    [("none.wav", "No such file"), (".", "Is a directory"), ("a\0b", "embedded null byte")],
)
def test_a_path_that_cannot_be_read_is_named(name: str, cause: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=f"cannot be read .*{cause}.*: choose another file$"):
        read(tmp_path / name)


def test_a_file_that_is_closed_or_fails_is_told() -> None:
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(UnreadableError, match=r"^recording cannot be read \(I/O operation on"):
        recording(closed)

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UnreadableError, match=r"cannot be read \(Input/output error\)"):
        read(Failing(b"x"))


def test_what_is_no_recording_is_refused() -> None:
    with pytest.raises(UnreadableError, match=r"gives no bytes: open it in binary mode$"):
        read(io.StringIO("text"))
    with pytest.raises(UnreadableError, match=r"must be a path, bytes or an open file, got int$"):
        recording(cast(Any, 5))
