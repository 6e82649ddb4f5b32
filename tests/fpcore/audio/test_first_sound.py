"""Recordings that begin with silence, and those that are nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from fpcore.audio import AudioLimits, load, load_from_first_sound
from fpcore.audio import first_sound as module
from fpcore.records import FloatArray, Signal

RATE_HZ = 8_000


def _heard(samples: FloatArray, duration_s: float) -> Signal:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    return load_from_first_sound(
        file,
        sample_rate_hz=RATE_HZ,
        resampler="soxr_hq",
        limits=AudioLimits(),
        duration_s=duration_s,
    )


def _noise(duration_s: float) -> FloatArray:
    n = round(duration_s * RATE_HZ)
    return 0.1 + 0.1 * np.random.default_rng(4).random(n, dtype=np.float32)


@pytest.mark.parametrize("silence_s", [0.0, 0.3, 7.5, 70.0])
@pytest.mark.parametrize("level", [0.0, 1e-4], ids=["digital", "faint"])
def test_the_length_counts_from_the_first_sound(silence_s: float, level: float) -> None:
    silence = np.full(round(silence_s * RATE_HZ), level, np.float32)
    whole = np.concatenate([silence, _noise(30.0)])
    heard = _heard(whole, duration_s=12.0)
    assert heard.duration_s == pytest.approx(silence_s + 12.0)
    np.testing.assert_array_equal(heard.samples, whole[: len(heard.samples)])


def test_a_short_recording_is_used_whole() -> None:
    whole = np.concatenate([np.zeros(RATE_HZ, np.float32), _noise(3.0)])
    np.testing.assert_array_equal(_heard(whole, duration_s=60.0).samples, whole)


def test_of_nothing_but_silence_no_more_is_used_than_of_sound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LONGEST_SILENCE_S", 20.0)
    silence = np.zeros(30 * RATE_HZ, np.float32)
    assert _heard(silence, duration_s=5.0).duration_s == 5.0
    late = np.concatenate([silence, _noise(10.0)])
    assert _heard(late, duration_s=5.0).duration_s == 5.0
    assert _heard(late[15 * RATE_HZ :], duration_s=5.0).duration_s == 20.0


def test_a_recording_that_begins_with_sound_is_loaded_as_ever() -> None:
    file = io.BytesIO()
    soundfile.write(file, _noise(9.0), 11_025, format="FLAC")
    here, there = (
        function(file, sample_rate_hz=RATE_HZ, resampler="soxr_hq", limits=AudioLimits(),
                 duration_s=4.0)
        for function in (load, load_from_first_sound)
    )  # fmt: skip
    np.testing.assert_array_equal(here.samples, there.samples)
