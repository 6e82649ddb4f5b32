"""Sounds of generated music: pitched instruments and drums, made with NumPy alone.

Each function returns mono float64 samples (n,) at `RATE_HZ` of one note or stroke, peaking near
1. Notes are longer than was asked by the time that they ring on. Everything is computed in
double precision without Fourier transforms, sums over long arrays or other steps whose order of
operations depends on the processor, so that rounding to 16 bits hides what little differs from
machine to machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
Instrument = Callable[[float, float, np.random.Generator], Samples]

RATE_HZ = 44100
TABLE_LENGTH = 4096
"""Samples of one period of a wave table; read with linear interpolation."""

TINE_BELOW_HZ = 900.0
"""Notes above this have no tine: its modulator at 14 times their frequency would alias."""

RELEASE_S = 0.06
"""Notes ring on for this long after their end, so that they do not click."""


def organ(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a drawbar organ note: few strong partials at full level from start to end.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds, before the note rings out.
    rng : numpy.random.Generator
        Not used: an organ plays every note alike.

    Returns
    -------
    float64 (n,)
    """
    time_s = _time(duration_s + RELEASE_S)
    table = _table([0.8, 1.0, 0.6, 0.5, 0.0, 0.3, 0.0, 0.25], frequency_hz)
    wave = _read(table, _phase(time_s, frequency_hz, vibrato_hz=6.2, depth=0.002))
    return wave * _envelope(time_s, duration_s, attack_s=0.012, decay_s=9.0)


def brass(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a bright sustained note whose upper partials swell in after its start.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds, before the note rings out.
    rng : numpy.random.Generator
        Not used: brass plays every note alike.

    Returns
    -------
    float64 (n,)
    """
    time_s = _time(duration_s + RELEASE_S)
    phase = _phase(time_s, frequency_hz, vibrato_hz=5.1, depth=0.004)
    dull = _read(_table([1 / k**2 for k in range(1, 7)], frequency_hz), phase)
    bright = _read(_table([1 / k**0.8 for k in range(1, 17)], frequency_hz), phase)
    swell = np.clip(time_s / 0.12, 0.0, 1.0) * np.exp(-0.8 * time_s)
    wave = dull * (1 - swell) + bright * swell
    return wave * _envelope(time_s, duration_s, attack_s=0.035, decay_s=4.0)


def pad(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a slow chorus of three detuned voices with soft upper partials.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds, before the note rings out.
    rng : numpy.random.Generator
        Draws the phases of the three voices.

    Returns
    -------
    float64 (n,)
    """
    time_s = _time(duration_s + 4 * RELEASE_S)
    table = _table([1 / k**1.4 for k in range(1, 11)], frequency_hz)
    wave = np.zeros_like(time_s)
    for cents in (-7.0, 0.5, 8.0):
        detuned_hz = frequency_hz * (1 + cents * 5.78e-4)
        wave += _read(table, _phase(time_s, detuned_hz) + rng.random())
    wave /= 2.2
    return wave * _envelope(time_s, duration_s, attack_s=0.18, decay_s=8.0, release_s=4 * RELEASE_S)


def electric_piano(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a frequency-modulated note: a struck bar whose brightness fades.

    Two modulators, as in J. Chowning, "The synthesis of complex audio spectra by means of
    frequency modulation", 1973.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds, before the note rings out.
    rng : numpy.random.Generator
        Not used: every note is struck alike.

    Returns
    -------
    float64 (n,)
    """
    time_s = _time(duration_s + 2 * RELEASE_S)
    angle = 2 * np.pi * frequency_hz * time_s
    tine = 0.6 * np.exp(-9.0 * time_s) * np.sin(14 * angle) * (frequency_hz < TINE_BELOW_HZ)
    body = (1.6 * np.exp(-2.5 * time_s) + 0.2) * np.sin(angle)
    wave = np.sin(angle + body + tine)
    return wave * _envelope(
        time_s, duration_s, attack_s=0.004, decay_s=0.9, release_s=2 * RELEASE_S
    )


def bell(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a frequency-modulated bell with inharmonic partials that rings past its end.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds; a bell sounds for half a second at least.
    rng : numpy.random.Generator
        Not used: every note is struck alike.

    Returns
    -------
    float64 (n,)
    """
    time_s = _time(max(duration_s, 0.5) + 0.4)
    angle = 2 * np.pi * frequency_hz * time_s
    wave = np.sin(angle + 2.2 * np.exp(-4.0 * time_s) * np.sin(3.53 * angle))
    return wave * _envelope(
        time_s, max(duration_s, 0.5), attack_s=0.002, decay_s=0.45, release_s=0.4
    )


def plucked_string(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a plucked string, by averaging a burst of noise that runs round a delay line.

    K. Karplus and A. Strong, "Digital synthesis of plucked-string and drum timbres", 1983. The
    delay line is a whole number of samples; the result is then resampled to the exact pitch.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds, before the note rings out.
    rng : numpy.random.Generator
        Draws the burst of noise.

    Returns
    -------
    float64 (n,)
    """
    n_period = max(2, round(RATE_HZ / frequency_hz - 0.5))
    stretch = frequency_hz * (n_period + 0.5) / RATE_HZ
    length = int((duration_s + 2 * RELEASE_S) * RATE_HZ * stretch) + n_period + 2
    n_rounds = length // n_period + 1
    # String noise from below 0.9 of full scale, dulled once by averaging neighbours.
    line = rng.random(n_period + 1) * 2 - 1
    line[1:] = (line[1:] + line[:-1]) / 2
    decay = 0.997 ** (440.0 / max(frequency_hz, 110.0))
    rounds = np.empty((n_rounds, n_period))
    for row in rounds:
        row[:] = line[1:]
        last = line[-1]
        line[1:] = decay * 0.5 * (line[1:] + line[:-1])
        line[0] = last
    time_s = _time(duration_s + 2 * RELEASE_S)
    position = time_s * (RATE_HZ * stretch)
    wave = _interpolate(rounds.reshape(-1), position)
    return (
        1.6
        * wave
        * _envelope(time_s, duration_s, attack_s=0.001, decay_s=5.0, release_s=2 * RELEASE_S)
    )


def bass_guitar(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a round low note with a short bright attack.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds, before the note rings out.
    rng : numpy.random.Generator
        Not used: every note is plucked alike.

    Returns
    -------
    float64 (n,)
    """
    time_s = _time(duration_s + RELEASE_S)
    phase = _phase(time_s, frequency_hz)
    round_tone = _read(_table([1.0, 0.45, 0.2, 0.08], frequency_hz), phase)
    bright = _read(_table([1 / k for k in range(1, 13)], frequency_hz), phase)
    edge = 0.6 * np.exp(-14.0 * time_s)
    wave = round_tone * (1 - edge) + bright * edge
    return wave * _envelope(time_s, duration_s, attack_s=0.004, decay_s=1.2)


def synth_bass(frequency_hz: float, duration_s: float, rng: np.random.Generator) -> Samples:
    """Return a buzzing low note whose brightness fades as if a filter closed.

    Parameters
    ----------
    frequency_hz : float, above 0
        Pitch.
    duration_s : float, above 0
        Written length in seconds, before the note rings out.
    rng : numpy.random.Generator
        Not used: every note is played alike.

    Returns
    -------
    float64 (n,)
    """
    time_s = _time(duration_s + RELEASE_S)
    phase = _phase(time_s, frequency_hz)
    dull = _read(_table([1.0, 0.3, 0.15], frequency_hz), phase)
    bright = _read(_table([1 / k for k in range(1, 25)], frequency_hz), phase)
    opening = 0.8 * np.exp(-6.0 * time_s) + 0.1
    wave = dull * (1 - opening) + bright * opening
    return wave * _envelope(time_s, duration_s, attack_s=0.003, decay_s=2.0)


def kick(pitch: float, rng: np.random.Generator) -> Samples:
    """Return a bass drum: a sine that falls to about ``50 * pitch`` Hz, with a click."""
    time_s = _time(0.32)
    low_hz = 50.0 * pitch
    turns = low_hz * time_s + 2.6 * pitch * (1 - np.exp(-38.0 * time_s))
    click = (rng.random(len(time_s)) - 0.5) * np.exp(-400.0 * time_s)
    return np.sin(2 * np.pi * turns) * np.exp(-9.0 * time_s) + 0.5 * click


def snare(pitch: float, rng: np.random.Generator) -> Samples:
    """Return a snare drum: rattling noise over a short tone near ``185 * pitch`` Hz."""
    time_s = _time(0.24)
    noise = rng.random(len(time_s)) * 2 - 1
    noise[1:] -= 0.45 * noise[:-1]
    tone = np.sin(2 * np.pi * 185.0 * pitch * time_s) * np.exp(-22.0 * time_s)
    return 0.75 * noise * np.exp(-17.0 * time_s) + 0.6 * tone


def hi_hat(pitch: float, rng: np.random.Generator) -> Samples:
    """Return a closed hi-hat: high-passed noise of about ``50 / pitch`` milliseconds."""
    return _hat(0.09, 75.0 * pitch, rng)


def open_hat(pitch: float, rng: np.random.Generator) -> Samples:
    """Return an open hi-hat: high-passed noise that rings for a third of a second."""
    return _hat(0.4, 11.0 * pitch, rng)


def tom(pitch: float, rng: np.random.Generator) -> Samples:
    """Return a tom: a tone falling to about ``100 * pitch`` Hz."""
    time_s = _time(0.3)
    turns = 100.0 * pitch * time_s + 1.1 * (1 - np.exp(-25.0 * time_s))
    return np.sin(2 * np.pi * turns) * np.exp(-10.0 * time_s)


def _hat(length_s: float, decay: float, rng: np.random.Generator) -> Samples:
    """Return noise with two zeros at 0 Hz that decays by e every ``1 / decay`` seconds."""
    time_s = _time(length_s)
    noise = rng.random(len(time_s) + 2) - 0.5
    bright = noise[2:] - 2 * noise[1:-1] + noise[:-2]
    return bright * np.exp(-decay * time_s) * 0.7


def _time(duration_s: float) -> Samples:
    """Return the times of the samples of a sound, in seconds."""
    return np.arange(int(duration_s * RATE_HZ)) / RATE_HZ


def _table(levels: Sequence[float], frequency_hz: float) -> Samples:
    """Return one period with partials of these levels, without those that would alias."""
    n_audible = max(1, int(0.45 * RATE_HZ / frequency_hz))
    return _period(tuple(levels[:n_audible]))


@lru_cache(maxsize=256)
def _period(levels: tuple[float, ...]) -> Samples:
    """Return `TABLE_LENGTH` + 1 samples of one period with partials of these levels."""
    turns = np.arange(TABLE_LENGTH + 1) / TABLE_LENGTH
    period = np.zeros(TABLE_LENGTH + 1)
    for k, level in enumerate(levels, start=1):
        period += level * np.sin(2 * np.pi * k * turns)
    period /= np.max(np.abs(period))
    period.flags.writeable = False
    return period


def _phase(
    time_s: Samples, frequency_hz: float, *, vibrato_hz: float = 0.0, depth: float = 0.0
) -> Samples:
    """Return the phase in turns; ``depth`` is the vibrato's share of the frequency."""
    turns = frequency_hz * time_s
    if vibrato_hz:
        # The integral of a sine vibrato that only sets in after the attack.
        swing = 1 - np.cos(2 * np.pi * vibrato_hz * time_s)
        turns += depth * frequency_hz / (2 * np.pi * vibrato_hz) * swing
    return turns


def _read(table: Samples, turns: Samples) -> Samples:
    """Return the wave table's values at the phases ``turns``."""
    return _interpolate(table, (turns - np.floor(turns)) * TABLE_LENGTH)


def _interpolate(values: Samples, position: Samples) -> Samples:
    """Return ``values`` at fractional positions, linearly interpolated."""
    index = position.astype(np.int64)
    np.minimum(index, len(values) - 2, out=index)
    below = values[index]
    return below + (position - index) * (values[index + 1] - below)


def _envelope(
    time_s: Samples,
    duration_s: float,
    *,
    attack_s: float,
    decay_s: float,
    release_s: float = RELEASE_S,
) -> Samples:
    """Return a linear attack, an exponential decay and, after ``duration_s``, a linear release."""
    rise = np.minimum(time_s / attack_s, 1.0)
    fall = np.clip((duration_s + release_s - time_s) / release_s, 0.0, 1.0)
    return rise * np.exp(-time_s / decay_s) * fall
