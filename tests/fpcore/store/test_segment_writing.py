"""Segments that are merged are those that would have been written of all songs at once."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fpcore.records import Hashes
from fpcore.store import segment_writing
from fpcore.store.segment import Segment
from fpcore.store.segment_view import lookup
from tests.fpcore.store.material import PACKED, entry
from tests.fpcore.store.test_segment import content_of, octets_of

SONGS = {seed + 1: entry(seed, n_hashes=300)[1] for seed in range(7)}


def _segment(*ids: int) -> Segment:
    return Segment.of(octets_of({song_id: SONGS[song_id] for song_id in ids}))


def _merged(*parts: tuple[Segment, list[bool]]) -> Segment:
    content = segment_writing.merged([(one, np.array(live)) for one, live in parts], PACKED)
    file = io.BytesIO()
    segment_writing.write(file, content, PACKED)
    return Segment.of(file.getvalue())


@pytest.mark.parametrize("part_postings", [1 << 18, 100])
def test_merging_gives_the_postings_of_the_songs_that_are_taken(
    monkeypatch: pytest.MonkeyPatch, part_postings: int
) -> None:
    monkeypatch.setattr(segment_writing, "PART_POSTINGS", part_postings)
    every = [True, True]
    two, three = _segment(1, 4), _segment(2, 3, 7)
    merged = _merged((two, every), (three, [True, True, False]), (_segment(5, 6), every))
    expected = _segment(1, 2, 3, 4, 5, 6)
    assert merged.song_id.tolist() == [1, 2, 3, 4, 5, 6]
    assert merged.song_key.tolist() == expected.song_key.tolist()
    assert merged.n_postings == expected.n_postings
    tokens = np.arange(0, PACKED.n_tokens, 1009)
    one, other = (lookup([(of, np.ones(6, np.bool_))], tokens) for of in (merged, expected))
    for column in ("query_row", "song_id", "frame"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column))
    merged.verify()


def test_a_segment_may_hold_no_posting_at_all() -> None:
    nothing = {3: Hashes(np.empty(0, np.int64), np.empty(0, np.int32))}
    segment = Segment.of(octets_of(nothing))
    assert (segment.song_id.tolist(), segment.n_postings) == ([3], 0)
    assert len(lookup([(segment, np.ones(1, np.bool_))], np.arange(50))) == 0
    assert _merged((segment, [True]), (_segment(1), [True])).song_id.tolist() == [1, 3]


def test_a_posting_of_many_takes_less_than_six_bytes() -> None:
    songs = {seed: entry(seed, n_hashes=20_000)[1] for seed in range(1, 6)}
    content = content_of(songs)
    assert len(octets_of(songs)) < 6 * content.n_postings
