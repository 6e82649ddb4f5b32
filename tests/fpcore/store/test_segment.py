"""The file of a segment: what its header says, and what is refused."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from fpcore.records import Hashes
from fpcore.store import segment_writing
from fpcore.store.segment import (
    PAGE_BYTES,
    DamagedSegmentError,
    Segment,
    header_of,
)
from fpcore.store.segment_view import lookup
from tests.fpcore.store.material import PACKED, entry, postings_of, rows, scan

SONGS = {5: entry(1)[1], 9: entry(2)[1], 300: entry(3)[1]}


def content_of(songs: dict[int, Hashes]) -> segment_writing.Content:
    columns = []
    for song_id, hashes in songs.items():
        pairs = np.array(sorted(postings_of(hashes)), np.int64).reshape(-1, 2)
        columns.append((song_id, song_id * 7, pairs[:, 0], pairs[:, 1]))
    return segment_writing.content_of(columns)


def octets_of(songs: dict[int, Hashes]) -> bytes:
    file = io.BytesIO()
    segment_writing.write(file, content_of(songs), PACKED)
    return file.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.segment"
    path.write_bytes(octets_of(SONGS))
    return path


def test_a_file_answers_what_its_songs_hold(path: Path) -> None:
    segment = Segment.open(path)
    assert segment.digest == PACKED.digest
    assert segment.song_id.tolist() == [5, 9, 300]
    assert segment.song_key.tolist() == [35, 63, 2100]
    assert segment.n_bytes == path.stat().st_size
    tokens = np.unique(SONGS[9].token)
    for live in ([True, True, True], [False, True, False]):
        wanted = {song: SONGS[song] for song, is_live in zip(SONGS, live, strict=True) if is_live}
        assert rows(lookup([(segment, np.array(live))], tokens)) == scan(wanted, tokens)


def test_equal_songs_give_equal_files_in_any_order() -> None:
    backwards = dict(reversed(SONGS.items()))
    assert octets_of(SONGS) == octets_of(backwards)


def test_one_in_memory_has_no_file_and_is_always_current() -> None:
    segment = Segment.of(octets_of(SONGS))
    assert (segment.path, segment.signature) == (None, None)
    assert segment.is_current()
    segment.verify()


def test_a_file_that_was_written_to_is_not_current_and_one_that_is_gone_is(path: Path) -> None:
    segment = Segment.open(path)
    assert segment.is_current()
    path.rename(path.with_name("gone"))
    assert segment.is_current()
    path.write_bytes(b"another")
    assert not segment.is_current()


def test_a_file_that_is_looked_up_in_cannot_be_cut_short_and_one_that_was_is_refused(
    path: Path,
) -> None:
    segment = Segment.open(path)
    if segment.lease is None:
        pytest.skip("this file system has no leases")
    with segment.kept(), pytest.raises(BlockingIOError):
        os.close(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK))
    asked = [(segment, np.ones(3, np.bool_))]
    tokens = np.unique(SONGS[9].token)
    assert rows(lookup(asked, tokens)) == scan(SONGS, tokens)
    merged = segment_writing.merged(asked, PACKED)
    os.truncate(path, PAGE_BYTES)
    for read in (lambda: lookup(asked, tokens), segment.verify, lambda: list(merged.parts)):
        with pytest.raises(DamagedSegmentError, match="being written to by another program"):
            read()
    assert segment.song_id.tolist() == [5, 9, 300]


def test_what_is_no_whole_segment_is_refused_with_its_path(path: Path) -> None:
    whole = path.read_bytes()
    other_version = whole.replace(b"fpcore-segment 1 ", b"fpcore-segment 2 ", 1)
    nonsense = header_of({"digest": 1}) + whole[PAGE_BYTES:]
    for content, said in (
        (b"", "it is empty"),
        (b"RIFF....WAVE" * 1000, "no segment of this version"),
        (other_version, "no segment of this version"),
        (whole[: PAGE_BYTES - 1], "no segment of this version"),
        (whole[:-8], "cut short"),
        (whole.replace(b'"offset":', b'"offset": ', 1), "its header has changed"),
        (nonsense, "is damaged ("),
    ):
        path.write_bytes(content)
        with pytest.raises(DamagedSegmentError, match="is damaged") as refusal:
            Segment.open(path)
        assert said in str(refusal.value)
        assert refusal.value.path == path


def test_a_header_has_room_for_one_page() -> None:
    with pytest.raises(ValueError, match="more than 4096"):
        header_of({"digest": "x" * 5000})
