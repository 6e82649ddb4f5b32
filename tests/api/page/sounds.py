"""Songs, and what a microphone hears of them."""

from __future__ import annotations

import functools
import io
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

from tests.api.material import wav
from tests.fpcore import synthetic

RATE_HZ = 22_050
SONG_S = 24.0

NAMES = {"Knalgan Theme": 1, "Śpiew <b>ptaków</b>": 2, "The City Falls": 3}
"""Songs by name, and the seeds that they are made from."""


@functools.cache
def samples(seed: int) -> NDArray[np.float32]:
    return synthetic.music(SONG_S, RATE_HZ, seed)


@functools.cache
def song(seed: int) -> bytes:
    """Return a whole song as a WAV file."""
    return wav(samples(seed), RATE_HZ)


def part(seed: int, start_s: float, duration_s: float) -> bytes:
    """Return a part of a song as a WAV file."""
    return wav(_cut(seed, start_s, duration_s), RATE_HZ)


def heard(seed: int, start_s: float) -> NDArray[np.float32]:
    """Return the rest of a song from ``start_s`` on, with noise 6 dB below it."""
    clean = _cut(seed, start_s, SONG_S - start_s)
    level = np.sqrt(np.mean(clean**2))
    noise = np.random.default_rng(seed).standard_normal(len(clean)) * level / 2
    noisy = clean + noise
    return (0.5 * noisy / np.abs(noisy).max()).astype(np.float32)


def place_in_song(recording: bytes, seed: int) -> tuple[float, float]:
    """Return where in a song a recording truly begins, and how long it is, by correlation."""
    found, rate_hz = soundfile.read(io.BytesIO(recording), dtype="float32")
    whole = signal.resample_poly(samples(seed), rate_hz, RATE_HZ)
    likeness = np.abs(signal.correlate(whole, found, mode="valid", method="fft"))
    assert likeness.max() > 8 * np.median(likeness), "the recording is not of this song"
    return int(np.argmax(likeness)) / rate_hz, len(found) / rate_hz


def _cut(seed: int, start_s: float, duration_s: float) -> NDArray[Any]:
    start = round(start_s * RATE_HZ)
    return samples(seed)[start : start + round(duration_s * RATE_HZ)]
