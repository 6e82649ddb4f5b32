"""Playbacks of a query: moved hashes and their weight at one offset, against loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import pairing, playing
from tests.fpcore.drawn import rngs

ZONE = pairing.TargetZone(2, 20, 6)
N_BINS = 30


@settings(deadline=None)
@given(rngs, st.integers(0, 3), st.integers(1, 4), st.integers(0, 3))
def test_a_moved_pair_has_the_hash_of_its_moved_peaks(
    rng: np.random.Generator, n_moves: int, ticks_per_frame: int, shift: int
) -> None:
    n_peaks = int(rng.integers(2, 9))
    bin_, frame = rng.integers(-3, 34, n_peaks), np.sort(rng.integers(0, 31, n_peaks))
    peaks = list(zip(bin_.tolist(), frame.tolist(), strict=True))
    up, factor = (
        rng.integers(-2, 3, n_moves).tolist(),
        rng.choice([1.0, 0.9, 1.3], n_moves).tolist(),
    )
    moves = list(zip(up, factor, strict=True))
    anchor, target = np.triu_indices(len(peaks), 1)
    position = np.array([bin_ + up for up, _ in moves], np.int64).reshape(-1, len(peaks))
    tempo = np.array([factor for _, factor in moves])
    got = playing.moved(
        playing.MovedPeaks(position, frame.astype(np.int32), tempo, N_BINS),
        pairing.PeakPairs(anchor, target),
        ZONE,
        playing.TickClock(ticks_per_frame, shift),
    )
    assert got.token.dtype == np.int64
    assert got.tick.dtype == np.int32
    assert got.token.shape == got.tick.shape == (len(moves), len(anchor))
    for i, (up, factor) in enumerate(moves):
        for j, pair in enumerate(zip(anchor.tolist(), target.tolist(), strict=True)):
            (low, start), (high, end) = (peaks[one] for one in pair)
            assert got.tick[i, j] == round((start * ticks_per_frame + shift) * factor)
            f1, f2, delta = low + up, high + up, round((end - start) * factor)
            is_inside = 0 <= f1 < N_BINS and 0 <= f2 < N_BINS and abs(f2 - f1) <= 6
            if is_inside and 2 <= delta <= 20:
                assert got.token[i, j] == (f1 * N_BINS + f2) * 21 + delta
            else:
                assert got.token[i, j] == playing.OUTSIDE


@settings(deadline=None)  # the first example compiles the kernel
@given(rngs, st.integers(1, 6), st.integers(0, 4))
def test_the_heaviest_offset_equals_its_definition(
    rng: np.random.Generator, n_tokens: int, width: int
) -> None:
    counts = rng.integers(0, 5, n_tokens)
    postings = [rng.integers(0, [3, 13], (count, 2)).tolist() for count in counts]
    weight = rng.choice([0.0, 0.25, 0.5, 1.0], n_tokens)
    n, m = (int(number) for number in rng.integers(1, [4, 6]))
    row = rng.integers(0, n_tokens, (n, m))
    tick = rng.integers(0, 11, (n, m)).astype(np.int32)
    flat = np.array([place for part in postings for place in part], np.int64).reshape(-1, 2)
    found = playing.WeighedPostings(
        np.cumsum(counts), weight, flat[:, 0].astype(np.int32), flat[:, 1].copy()
    )
    got = playing.heaviest_offsets(row, tick, found, width)
    for i in range(n):
        hits = [
            (song, at - int(tick[i, j]), float(weight[row[i, j]]))
            for j in range(m)
            for song, at in postings[row[i, j]]
        ]
        expected = max(
            (
                sum(w for s, o, w in hits if s == song and first <= o <= first + width)
                for song, first, _ in hits
            ),
            default=0.0,
        )
        assert got[i] == pytest.approx(expected, abs=m * 4 * 2.0**-playing.WEIGHT_BITS)


def test_without_postings_every_playback_weighs_nothing() -> None:
    nothing = np.empty(0, np.int64)
    found = playing.WeighedPostings(
        np.zeros(1, np.int64), np.ones(1), nothing.astype(np.int32), nothing
    )
    got = playing.heaviest_offsets(np.zeros((3, 2), np.int64), np.zeros((3, 2), np.int32), found, 4)
    assert got.tolist() == [0.0, 0.0, 0.0]
