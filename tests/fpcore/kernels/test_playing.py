"""Playbacks of a query: moved hashes and their weight at one offset, against loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import pairing, playing

ZONE = pairing.TargetZone(2, 20, 6)
N_BINS = 30


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 33), st.integers(0, 30)), min_size=2, max_size=8),
    st.lists(st.tuples(st.integers(-2, 2), st.sampled_from([1.0, 0.9, 1.3])), max_size=3),
    st.integers(1, 4),
    st.integers(0, 3),
)
def test_a_moved_pair_has_the_hash_of_its_moved_peaks(
    peaks: list[tuple[int, int]], moves: list[tuple[int, float]], ticks_per_frame: int, shift: int
) -> None:
    peaks.sort(key=lambda peak: peak[1])
    bin_, frame = np.array(peaks, np.int32).T.copy()
    anchor, target = np.triu_indices(len(peaks), 1)
    position = np.array([bin_ + up for up, _ in moves], np.int64).reshape(-1, len(peaks))
    tempo = np.array([factor for _, factor in moves])
    got = playing.moved(
        playing.MovedPeaks(position, frame, tempo, N_BINS),
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
@given(st.data())
def test_the_heaviest_offset_equals_its_definition(data: st.DataObject) -> None:
    n_tokens, width = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 4))
    counts = data.draw(st.lists(st.integers(0, 4), min_size=n_tokens, max_size=n_tokens))
    places = st.tuples(st.integers(0, 2), st.integers(0, 12))
    postings = [data.draw(st.lists(places, min_size=n, max_size=n)) for n in counts]
    weight = np.array([data.draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) for _ in counts])
    n, m = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5))
    row = np.array(data.draw(_table(n, m, n_tokens - 1)), np.int64)
    tick = np.array(data.draw(_table(n, m, 10)), np.int32)
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


def _table(n: int, m: int, highest: int) -> st.SearchStrategy[list[list[int]]]:
    return st.lists(
        st.lists(st.integers(0, highest), min_size=m, max_size=m), min_size=n, max_size=n
    )


def test_without_postings_every_playback_weighs_nothing() -> None:
    nothing = np.empty(0, np.int64)
    found = playing.WeighedPostings(
        np.zeros(1, np.int64), np.ones(1), nothing.astype(np.int32), nothing
    )
    got = playing.heaviest_offsets(np.zeros((3, 2), np.int64), np.zeros((3, 2), np.int32), found, 4)
    assert got.tolist() == [0.0, 0.0, 0.0]
