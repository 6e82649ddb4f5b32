"""The sound that every odd file is made of: chords that an index finds again by a few seconds."""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.audio_files import Samples

SOUND_S = 6.0
RATE_HZ = 48_000

_NOTE_S = 0.2
_PITCHES_HZ = (250.0, 3_500.0)
"""Within what a codec of telephones keeps."""


@cache
def sound(
    rate_hz: int = RATE_HZ, n_channels: int = 2, duration_s: float = SOUND_S, seed: int = 17
) -> Samples:
    """Return random chords in a little noise, float32 (n, n_channels), as they are at any rate."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    note = (time_s / _NOTE_S).astype(int)
    fade = np.minimum(1.0, (time_s % _NOTE_S) / 0.01) * np.exp(-(time_s % _NOTE_S) / 0.15)
    tones = np.zeros(time_s.size)
    for _ in range(4):
        pitches_hz = np.geomspace(*_PITCHES_HZ, 64)[rng.integers(0, 64, note[-1] + 1)]
        tones += 0.12 * fade * np.sin(2 * np.pi * pitches_hz[note] * time_s)
    noise = 0.004 * np.random.default_rng(seed + 1).standard_normal((time_s.size, n_channels))
    return np.asarray((tones[:, None] + noise).clip(-0.95, 0.95), np.float32)
