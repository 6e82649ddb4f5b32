"""Additive noise: white, pink, and cuts of recordings.

Recordings shorter than the excerpt are looped; the end of a loop is cross-faded into its start
with equal power, so that neither a click nor a dip marks the seam.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from scipy import fft

from experiments.degradations import sources as source_files
from experiments.degradations.config import Pink, Recording, White
from experiments.degradations.levels import SilentNoiseError, mix_at_snr
from experiments.degradations.sources import Sources
from fpcore.records import FloatArray, Signal

_PINK_FROM_HZ = 20.0
_CROSS_FADE_S = 0.05
_N_TRIES = 8


def add_white(signal: Signal, white: White, rng: np.random.Generator) -> Signal:
    """Return ``signal`` with white Gaussian noise added.

    Parameters
    ----------
    signal : Signal, float32 (n,), not silent
        The excerpt.
    white : White
        The signal-to-noise ratio in dB.
    rng : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    Signal, float32 (n,)

    Raises
    ------
    SilentSignalError
        When the signal is silent.
    """
    noise = rng.standard_normal(len(signal.samples), dtype=np.float32)
    return mix_at_snr(signal, noise, snr_db=white.snr_db)


def add_pink(signal: Signal, pink: Pink, rng: np.random.Generator) -> Signal:
    """Return ``signal`` with pink noise added (see `pink_noise`).

    Parameters
    ----------
    signal : Signal, float32 (n,), not silent
        The excerpt.
    pink : Pink
        The signal-to-noise ratio in dB.
    rng : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    Signal, float32 (n,)

    Raises
    ------
    SilentSignalError
        When the signal is silent.
    """
    noise = pink_noise(len(signal.samples), signal.sample_rate_hz, rng)
    return mix_at_snr(signal, noise, snr_db=pink.snr_db)


def pink_noise(n_samples: int, sample_rate_hz: int, rng: np.random.Generator) -> FloatArray:
    """Return Gaussian noise whose power density falls as 1 / f above 20 Hz and is flat below.

    Parameters
    ----------
    n_samples : int, at least 0
        Length of the result.
    sample_rate_hz : int
        Samples per second.
    rng : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    float32 (n_samples,)
        Its level depends on the sample rate: whoever mixes it scales it.
    """
    n_fft = fft.next_fast_len(max(2, n_samples), real=True)
    spectrum = fft.rfft(rng.standard_normal(n_fft, dtype=np.float32))
    frequency_hz = np.maximum(fft.rfftfreq(n_fft, 1 / sample_rate_hz), _PINK_FROM_HZ)
    shaped = spectrum * (frequency_hz**-0.5).astype(np.float32)
    return np.asarray(fft.irfft(shaped, n_fft)[:n_samples], dtype=np.float32)


def add_recording(
    signal: Signal, recording: Recording, rng: np.random.Generator, sources: Sources
) -> Signal:
    """Return ``signal`` with a random cut of a random file of the source added.

    A cut that is silent where the signal is active is replaced by another draw, up to 8 draws in
    all.

    Parameters
    ----------
    signal : Signal, float32 (n,), not silent
        The excerpt.
    recording : Recording
        The name of the source, and the signal-to-noise ratio in dB.
    rng : numpy.random.Generator
        Draws the file and the place of the cut.
    sources : Sources
        Audio files by name.

    Returns
    -------
    Signal, float32 (n,)

    Raises
    ------
    ConfigError
        When the source is not given or empty.
    AudioError
        When its file cannot be decoded.
    SilentSignalError
        When the signal is silent.
    SilentNoiseError
        When every cut that was drawn is silent.
    """
    paths = source_files.files(sources, recording.source)
    for _ in range(_N_TRIES):
        path = paths[int(rng.integers(len(paths)))]
        noise = _cut(path, len(signal.samples), signal.sample_rate_hz, rng)
        with suppress(SilentNoiseError):
            return mix_at_snr(signal, noise, snr_db=recording.snr_db)
    raise SilentNoiseError(
        f"{_N_TRIES} cuts from the source {recording.source!r} were all silent, the last one "
        f"from {path}: remove silent files from it"
    )


def _cut(path: Path, n_samples: int, sample_rate_hz: int, rng: np.random.Generator) -> FloatArray:
    """Return ``n_samples`` of a file from a random position on, looped where it is short."""
    whole = source_files.samples(path, sample_rate_hz)
    if not len(whole):
        return np.zeros(n_samples, dtype=np.float32)
    if len(whole) >= n_samples:
        start = int(rng.integers(len(whole) - n_samples + 1))
        return whole[start : start + n_samples]
    period = loop(whole, round(_CROSS_FADE_S * sample_rate_hz))
    start = int(rng.integers(len(period)))
    return np.take(period, np.arange(start, start + n_samples), mode="wrap")


def loop(samples: FloatArray, n_fade: int) -> FloatArray:
    """Return ``samples`` shortened by a cross-fade of their end into their start, for looping.

    The fade is ``n_fade`` samples long, or half of ``samples`` where these are fewer.
    """
    n_fade = min(n_fade, len(samples) // 2)
    angle = (np.arange(n_fade, dtype=np.float32) + np.float32(0.5)) * np.float32(
        np.pi / 2 / max(1, n_fade)
    )
    period = samples[: len(samples) - n_fade].copy()
    tail = samples[len(samples) - n_fade :]
    period[:n_fade] = period[:n_fade] * np.sin(angle) + tail * np.cos(angle)
    return period
