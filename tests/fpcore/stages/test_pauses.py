"""Which silence is a pause, and what a recording is without it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore.records import BoolArray, Signal
from fpcore.stages.pauses import Pause, pauses, recorded_s, without
from fpcore.stages.spectrogram import sounding, spectrogram
from tests.fpcore.synthetic import LEAN

RATE_HZ, HOP, N_FFT = LEAN.sample_rate_hz, LEAN.spectrogram.hop_length, LEAN.spectrogram.n_fft
EDGE = N_FFT // 16


def _noise(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(1).normal(0, 0.1, round(seconds * RATE_HZ)).astype(np.float32)


def _silence(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def _sounding(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> BoolArray:
    return sounding(spectrogram(Signal(samples, RATE_HZ), LEAN), LEAN)


@pytest.mark.parametrize("before_s", [2.0, 2.01, 2.02, 2.03])
def test_a_pause_is_all_of_the_silence_to_a_hop(before_s: float) -> None:
    samples = np.concatenate([_noise(before_s), _silence(3), _noise(2)])
    [found] = pauses(_sounding(samples), LEAN)
    # A frame is silent, too, when sound reaches into its edge, where the window is all but 0.
    assert -EDGE <= found.start - before_s * RATE_HZ <= HOP
    assert -EDGE <= (before_s + 3) * RATE_HZ - found.end <= HOP
    assert found.length == found.end - found.start


def test_one_silent_frame_of_a_second_is_a_pause() -> None:
    spectrogram = LEAN.spectrogram.model_copy(update={"n_fft": 8192, "hop_length": 4096})
    config = LEAN.model_copy(update={"sample_rate_hz": 8192, "spectrogram": spectrogram})
    assert pauses(np.array([True, False, True]), config) == (Pause(4096, 4096 + 8192),)
    assert pauses(np.array([True, True, True]), config) == ()
    shorter = config.model_copy(update={"sample_rate_hz": 8193})
    assert pauses(np.array([True, False, True]), shorter) == ()


@pytest.mark.parametrize(
    "parts",
    [
        [_noise(4)],
        [_silence(4)],
        [_silence(4), _noise(2)],
        [_noise(2), _silence(4)],
        [_noise(2), _silence(0.9), _noise(2)],
        [_noise(0.01)],
    ],
    ids=["sound", "silence", "before", "after", "a rest", "too short"],
)
def test_what_divides_nothing_or_is_short_is_no_pause(
    parts: list[np.ndarray[tuple[int], np.dtype[np.float32]]],
) -> None:
    assert pauses(_sounding(np.concatenate(parts)), LEAN) == ()


def test_every_pause_is_found_and_cut_out() -> None:
    sound, silence = _noise(2), _silence(2)
    samples = np.concatenate([silence, sound, silence, sound, silence, sound, silence])
    found = pauses(_sounding(samples), LEAN)
    assert len(found) == 2
    left = without(Signal(samples, RATE_HZ), found)
    n_sounding = [np.count_nonzero(one) for one in (left.samples, samples)]
    assert n_sounding[1] - 4 * EDGE <= n_sounding[0] <= n_sounding[1]
    assert pauses(_sounding(left.samples), LEAN) == ()
    assert left.sample_rate_hz == RATE_HZ


@given(
    lengths=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=4),
    after=st.integers(1, 9),
)
def test_times_without_pauses_lead_back_to_the_same_sound(
    lengths: list[tuple[int, int]], after: int
) -> None:
    cut_out, position = [], 0
    for before, length in lengths:
        cut_out.append(Pause(position + before, position + before + length))
        position += before + length
    samples = np.arange(position + after, dtype=np.float32)
    left = without(Signal(samples, 10), cut_out).samples
    for place, sample in enumerate(left.tolist()):
        # The middle of a sample: its beginning may be the end of a pause as well.
        assert recorded_s((place + 0.5) / 10, cut_out, 10) == pytest.approx((sample + 0.5) / 10)
    assert recorded_s(len(left) / 10, cut_out, 10) == pytest.approx(len(samples) / 10)


def test_what_ends_with_a_pause_ends_where_it_begins() -> None:
    assert recorded_s(0.2, [Pause(2, 5)], 10) == 0.2
