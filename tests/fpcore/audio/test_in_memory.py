"""Recordings in memory: they decode to what they are, and what is no sound is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fpcore.audio import checksum, load
from fpcore.audio.in_memory import Recording, as_source
from fpcore.errors import AudioError
from fpcore.records import Signal

RATE_HZ = 22_050


def _noise(shape: tuple[int, ...] = (RATE_HZ,)) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32)


def _loaded(recording: Recording, sample_rate_hz: float | None = RATE_HZ) -> np.ndarray:
    return load(as_source(recording, sample_rate_hz), sample_rate_hz=RATE_HZ).samples


def test_an_array_and_a_signal_are_the_samples_that_they_hold() -> None:
    samples = _noise()
    np.testing.assert_array_equal(_loaded(samples), samples)
    np.testing.assert_array_equal(_loaded(Signal(samples, RATE_HZ), None), samples)
    np.testing.assert_allclose(_loaded(samples.astype(np.float64)), samples, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_integers_are_parts_of_what_their_type_can_hold(dtype: type[np.signedinteger]) -> None:
    samples = _noise()
    whole = (samples.astype(np.float64) * -float(np.iinfo(dtype).min)).astype(dtype)
    np.testing.assert_allclose(_loaded(whole), samples, atol=2**-15)


def test_channels_may_come_first_or_last() -> None:
    both = _noise((RATE_HZ, 2))
    np.testing.assert_allclose(_loaded(both), both.mean(axis=1), atol=1e-6)
    np.testing.assert_array_equal(_loaded(both.T), _loaded(both))


def test_the_same_array_is_the_same_content_and_at_another_rate_another() -> None:
    samples = _noise()
    assert checksum(as_source(samples, RATE_HZ)) == checksum(as_source(samples.copy(), RATE_HZ))
    assert checksum(as_source(samples, RATE_HZ)) != checksum(as_source(samples, 44_100))


def test_paths_and_open_files_stay_as_they_are() -> None:
    file = io.BytesIO(b"content")
    assert as_source(file) is file
    assert as_source("clip.wav") == "clip.wav"
    content = as_source(b"content")
    assert not isinstance(content, str)
    assert checksum(content) == checksum(file)


@pytest.mark.parametrize(
    ("recording", "sample_rate_hz", "sentence"),
    [
        (_noise(), None, "an array tells no sample rate: pass sample_rate_hz"),
        (_noise(), 0.5, "must be a whole number >= 1, got 0.5"),
        ("clip.wav", 44_100, "sample_rate_hz is for arrays"),
        (np.array([0.0, np.nan]), RATE_HZ, "no finite numbers"),
        (np.array([], np.float32), RATE_HZ, "no samples"),
        (np.zeros((100, 100)), RATE_HZ, "an array of shape .* is no recording"),
        (np.zeros((2, 3, 4)), RATE_HZ, "an array of shape .* is no recording"),
        (np.array(["a"]), RATE_HZ, "an array of <U1 is no sound"),
        (np.zeros(9, np.uint8), RATE_HZ, "an array of uint8 is no sound"),
    ],
)
def test_what_is_no_recording_is_refused(
    recording: Recording, sample_rate_hz: float | None, sentence: str
) -> None:
    with pytest.raises(AudioError, match=sentence):
        as_source(recording, sample_rate_hz)
