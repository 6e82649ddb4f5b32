"""Checksum of a song's postings and constellation: what changes it, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore.records import Constellation
from fpcore.store.checksums import fingerprint_checksum
from fpcore.store.codec import decode_constellation, encode_constellation
from tests.fpcore.store.material import constellation, no_peaks

PEAKS = constellation(1)
TOKEN, FRAME = np.array([5, 7, 7], np.int64), np.array([9, 1, 4], np.int32)

pairs = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), unique=True)


def checksum_of(postings: list[tuple[int, int]]) -> str:
    columns = np.array(sorted(postings), np.int64).reshape(-1, 2)
    return fingerprint_checksum(columns[:, 0], columns[:, 1], PEAKS)


@given(pairs, pairs)
def test_other_postings_change_it(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    assert (checksum_of(one) == checksum_of(other)) == (set(one) == set(other))


def test_a_stored_constellation_has_that_of_the_learned_one() -> None:
    stored = decode_constellation(encode_constellation(PEAKS))
    assert fingerprint_checksum(TOKEN, FRAME, stored) == fingerprint_checksum(TOKEN, FRAME, PEAKS)


@pytest.mark.parametrize("column", ["frame", "bin", "level_db", "paired"])
def test_one_peak_that_differs_changes_it(column: str) -> None:
    columns = {name: getattr(PEAKS, name).copy() for name in Constellation._DTYPES}
    columns[column][-1] = not columns[column][-1] if column == "paired" else 1
    if column == "frame":
        columns[column][-1] = PEAKS.frame[-1] + 1
    other = Constellation(**columns)
    assert fingerprint_checksum(TOKEN, FRAME, other) != fingerprint_checksum(TOKEN, FRAME, PEAKS)


def test_a_frame_that_wraps_around_to_the_learned_one_changes_it() -> None:
    far = FRAME.astype(np.int64)
    far[0] += 2**32
    assert fingerprint_checksum(TOKEN, far, PEAKS) != fingerprint_checksum(TOKEN, FRAME, PEAKS)


def test_it_is_the_same_on_every_machine() -> None:
    nothing = np.empty(0, np.int64)
    empty = "15ec7bf0b50732b49f8228e07d24365338f9e3ab994b00af08e5a3bffe55fd8b"
    of_three = "1b88c78c6b1b63a5bf93f2f05996d7a8ed41c3b0a6f03b2fb3467242c234b0a7"
    assert fingerprint_checksum(nothing, nothing, no_peaks()) == empty
    assert fingerprint_checksum(TOKEN, FRAME, no_peaks()) == of_three
