"""The folder of segments: opened as they appear, written and merged by one process at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpcore import atomic
from fpcore.errors import StoreBusyError
from fpcore.store import segment_folder
from fpcore.store.segment import DamagedSegmentError, Segment
from fpcore.store.segment_folder import SegmentFolder, mergeable
from tests.fpcore.store.material import PACKED, TEXT, entry
from tests.fpcore.store.test_segment import content_of, octets_of


@pytest.fixture
def folder(tmp_path: Path) -> SegmentFolder:
    folder = SegmentFolder(tmp_path / "index.db", PACKED)
    with folder.writing():
        for ids in ((1, 2), (3,)):
            folder.write(content_of({one: entry(one)[1] for one in ids}), durable=False)
    return folder


def _ids(folder: SegmentFolder) -> list[list[int]]:
    return [segment.song_id.tolist() for segment in folder.look()]


def test_segments_are_seen_as_they_come_and_go(folder: SegmentFolder) -> None:
    other = SegmentFolder(folder.path.with_name("index.db"), PACKED)
    assert _ids(folder) == _ids(other) == [[1, 2], [3]]
    assert folder.look() is folder.look()
    folder.write(content_of({9: entry(9)[1]}), durable=True)
    assert _ids(other) == [[1, 2], [3], [9]]
    folder.discard(folder.look()[:1])
    assert _ids(folder) == _ids(other) == [[3], [9]]


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    assert SegmentFolder(tmp_path / "index.db", PACKED).look() == ()
    assert list(tmp_path.iterdir()) == []


def test_merged_ones_take_the_place_of_theirs(folder: SegmentFolder) -> None:
    one, other = folder.look()
    with folder.merging():
        folder.merge([(one, np.array([True, False])), (other, np.array([True]))])
    assert _ids(folder) == [[1, 3]]
    assert [one.song_id.tolist(), other.song_id.tolist()] == [[1, 2], [3]]  # mapped as before


def test_only_one_merges_and_only_one_writes(folder: SegmentFolder) -> None:
    other = SegmentFolder(folder.path.with_name("index.db"), PACKED)
    for first, second in ((folder.writing, other.writing), (folder.merging, other.merging)):
        with first(), pytest.raises(StoreBusyError, match="by another program: wait"), second():
            pass
        with second():
            pass
    with folder.merging(), other.writing():
        pass


def test_parts_of_killed_processes_go_unless_somebody_may_be_writing_them(
    folder: SegmentFolder,
) -> None:
    part = atomic.part_of(folder.path / "x.segment")
    part.write_bytes(b"half")
    other = SegmentFolder(folder.path.with_name("index.db"), PACKED)
    with other.writing(), folder.merging():
        assert part.exists()
    with folder.merging():
        assert not part.exists()


def test_what_is_damaged_or_of_another_configuration_is_refused_and_told(
    folder: SegmentFolder, caplog: pytest.LogCaptureFixture
) -> None:
    (folder.path / "bad.segment").write_bytes(b"bad")
    other = SegmentFolder(folder.path.with_name("index.db"), TEXT)
    assert other.look() == ()
    assert len(other.refusals()) == 3
    assert _ids(folder) == [[1, 2], [3]]
    (told,) = folder.refusals()
    assert "bad.segment is damaged" in told
    for _ in range(2):
        folder.tell_refusals()
    assert [record.getMessage() for record in caplog.records] == [told]
    folder.discard([])
    assert folder.refusals() == []
    assert not (folder.path / "bad.segment").exists()


def test_a_segment_that_proves_damaged_is_left_out_until_its_file_changes(
    folder: SegmentFolder,
) -> None:
    segment = folder.look()[0]
    folder.refuse(DamagedSegmentError(segment.path, segment.signature, "is damaged"))
    assert _ids(folder) == [[3]]
    assert segment.path is not None
    segment.path.write_bytes(octets_of({1: entry(1)[1]}))
    assert _ids(folder) == [[1], [3]]
    with pytest.raises(DamagedSegmentError):  # one in memory has no file to do without
        folder.refuse(DamagedSegmentError(None, None, "is damaged"))


def test_enough_of_one_tier_are_merged_and_so_is_one_that_is_half_empty() -> None:
    def made(first: int, n_songs: int) -> Segment:
        return Segment.of(octets_of({first + i: entry(i)[1] for i in range(n_songs)}))

    one, two = made(1, 2), made(5, 3)
    assert mergeable([(one, np.array([True, True]))]) == []
    every = [(one, np.ones(2, np.bool_)), (two, np.ones(3, np.bool_))]
    assert mergeable(every) == every
    half = (two, np.array([False, False, True]))
    assert mergeable([half]) == [half]
    assert mergeable([]) == []


def test_discarding_the_segments_of_an_index_leaves_what_is_not_ours(folder: SegmentFolder) -> None:
    database = folder.path.with_name("index.db")
    note = folder.path / "note.txt"
    note.write_text("mine")
    segment_folder.discard(database)
    assert list(folder.path.iterdir()) == [note]
    note.unlink()
    segment_folder.discard(database)
    assert not folder.path.exists()
    segment_folder.discard(database)
