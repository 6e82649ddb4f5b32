"""Changes of speed, tempo and pitch.

Speed is resampling (soxr HQ), tempo is WSOLA (`wsola`), and pitch is a change of speed whose
change of tempo is undone. Speed moves every sound to its exact place. After a change of tempo or
pitch by up to 6%, a sound starts within 12 ms of its exact place.
"""

from __future__ import annotations

from experiments.degradations.config import Pitch, Speed, Tempo
from experiments.degradations.filters import resample
from experiments.degradations.wsola import stretch
from fpcore.records import Signal


def change_speed(signal: Signal, speed: Speed) -> Signal:
    """Return ``signal`` played ``speed.factor`` times as fast, round(n / factor) samples long."""
    rate_hz = signal.sample_rate_hz
    return Signal(resample(signal.samples, rate_hz * speed.factor, rate_hz), rate_hz)


def change_tempo(signal: Signal, tempo: Tempo) -> Signal:
    """Return ``signal`` at ``tempo.factor`` times its tempo, round(n / factor) samples long."""
    rate_hz = signal.sample_rate_hz
    n_samples = round(len(signal.samples) / tempo.factor)
    stretched = stretch(signal.samples, rate_hz, factor=tempo.factor, n_out=n_samples)
    return Signal(stretched, rate_hz)


def change_pitch(signal: Signal, pitch: Pitch) -> Signal:
    """Return ``signal`` higher by ``pitch.semitones``, as long as it was."""
    rate_hz = signal.sample_rate_hz
    ratio = 2 ** (pitch.semitones / 12)
    higher = resample(signal.samples, rate_hz * ratio, rate_hz)
    n_samples = len(signal.samples)
    return Signal(stretch(higher, rate_hz, factor=1 / ratio, n_out=n_samples), rate_hz)
