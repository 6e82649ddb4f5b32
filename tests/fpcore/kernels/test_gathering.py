"""Postings of a snapshot: found and gathered as lists and loops do it, also in a damaged file."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import gathering
from tests.fpcore.drawn import rngs


@settings(deadline=None)
@given(rngs)
def test_finding_equals_the_list(rng: np.random.Generator) -> None:
    token = np.unique(rng.integers(0, 41, rng.integers(0, 30))).tolist()
    wanted = np.sort(rng.integers(-3, 46, rng.integers(0, 31))).tolist()
    for dtype in (np.uint32, np.uint64):
        found = gathering.find(np.array(token, dtype), np.array(wanted, np.int64))
        expected = [token.index(one) if one in token else -1 for one in wanted]
        assert found.tolist() == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=20),
    st.lists(st.tuples(st.integers(-1, 20), st.integers(-1, 6)), max_size=8),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_gathering_equals_the_loops(
    place: list[tuple[int, int]], runs: list[tuple[int, int]], is_live: list[bool]
) -> None:
    ids = [3, 5, 2**40, 2**41]
    got = gathering.gather(
        np.array(place, np.uint16).reshape(-1, 2),
        np.array([start for start, _ in runs], np.int64),
        np.array([count for _, count in runs], np.int64),
        np.array(ids, np.int64),
        np.array(is_live),
    )
    is_sound = all(min(s, n) >= 0 and s + n <= len(place) for s, n in runs)
    expected = []
    for run, (start, count) in enumerate(runs if is_sound else []):
        for number, frame in place[start : start + count]:
            is_sound &= number < len(ids)
            if is_sound and is_live[number]:
                expected.append((run, ids[number], frame))
    assert got.is_sound == is_sound
    if is_sound:
        columns = (got.run.tolist(), got.song_id.tolist(), got.frame.tolist())
        assert list(zip(*columns, strict=True)) == expected


def test_finding_jumps_over_long_stretches() -> None:
    token = np.arange(0, 30_000, 3, dtype=np.uint32)
    wanted = np.array([-1, 0, 2, 3, 14_999, 15_000, 29_997, 30_000, 2**40])
    assert gathering.find(token, wanted).tolist() == [-1, 0, -1, 1, -1, 5000, 9999, -1, -1]
