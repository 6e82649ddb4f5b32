"""Spectrogram of a signal: levels in dB of its short-time Fourier transform.

Frame ``k`` is the transform of samples ``[k * hop, k * hop + n_fft)``, without padding (see
`fpcore.units`). Levels are relative to a full-scale sine, clamped from below at the
configuration's floor and rounded to `units.LEVEL_STEP_DB`, which keeps every later sum exact.
Nothing is resampled or normalised here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fpcore import units
from fpcore.config import FingerprintConfig
from fpcore.records import BoolArray, FloatArray, Signal, Spectrogram

TILE_FRAMES = 1024
"""Frames to a tile of a stream. Tiles lie at multiples of it, so that the cutting of the input
into blocks cannot change a single bit of the result."""

_BATCH_FRAMES = 64  # transforms at a time: the batch and its spectrum stay in the cache


def spectrogram(signal: Signal, config: FingerprintConfig) -> Spectrogram:
    """Return the spectrogram of a whole signal; without frames when it is shorter than a window.

    Raises
    ------
    ValueError
        When the signal's sample rate is not that of ``config``.

    Examples
    --------
    >>> from fpcore.config import FingerprintConfig
    >>> config = FingerprintConfig()
    >>> tone_hz = 100 * config.bin_hz
    >>> samples = np.sin(2 * np.pi * tone_hz * np.arange(22050) / 22050).astype(np.float32)
    >>> levels = spectrogram(Signal(samples, 22050), config).level_db
    >>> levels.shape, int(levels[0].argmax()), abs(float(levels[0].max())) < 0.01
    ((18, 2049), 100, True)
    """
    if signal.sample_rate_hz != config.sample_rate_hz:
        raise ValueError(
            f"the signal has {signal.sample_rate_hz} Hz and the configuration "
            f"{config.sample_rate_hz} Hz: resample it first"
        )
    tiles = [tile.level_db for tile in tiles_of([signal.samples], config)]
    empty = np.empty((0, config.n_bins), np.float32)
    level_db = np.concatenate(tiles) if tiles else empty
    return Spectrogram(level_db, config.hop_s, config.bin_hz, 0, config.first_bin)


def sounding(levels: Spectrogram, config: FingerprintConfig) -> BoolArray:
    """Return which frames are not silent, bool (n_frames,): those with a level above the floor."""
    above: BoolArray = levels.level_db.max(axis=1) > np.float32(config.floor_db)
    return above


def tiles_of(blocks: Iterable[FloatArray], config: FingerprintConfig) -> Iterator[Spectrogram]:
    """Yield the spectrogram of a stream of sample blocks, in tiles of `TILE_FRAMES` frames.

    The last tile may be shorter. ``blocks`` are float32 (n,) of any lengths, mono, at the sample
    rate of ``config``; the result does not depend on how the stream is cut into them.
    """
    n_fft, hop = config.spectrogram.n_fft, config.spectrogram.hop_length
    tile_samples = (TILE_FRAMES - 1) * hop + n_fft
    first_frame = 0
    pending: list[FloatArray] = []
    n_pending = 0
    for block in blocks:
        pending.append(block)
        n_pending += len(block)
        while n_pending >= tile_samples:
            samples = pending[0] if len(pending) == 1 else np.concatenate(pending)
            yield _tile(samples[:tile_samples], config, first_frame)
            first_frame += TILE_FRAMES
            pending = [samples[TILE_FRAMES * hop :]]
            n_pending = len(pending[0])
    if n_pending >= n_fft:
        yield _tile(np.concatenate(pending), config, first_frame)


def _tile(samples: FloatArray, config: FingerprintConfig, first_frame: int) -> Spectrogram:
    n_fft, hop = config.spectrogram.n_fft, config.spectrogram.hop_length
    count = units.n_frames(len(samples), n_fft, hop)
    level_db = np.empty((count, config.n_bins), np.float32)
    window = _window(config.spectrogram.window, n_fft)
    frames = np.lib.stride_tricks.sliding_window_view(samples, n_fft)[::hop]
    for start in range(0, count, _BATCH_FRAMES):
        batch = slice(start, start + _BATCH_FRAMES)
        level_db[batch] = _levels(frames[batch] * window, config)
    return Spectrogram(level_db, config.hop_s, config.bin_hz, first_frame, config.first_bin)


def _levels(windowed: FloatArray, config: FingerprintConfig) -> FloatArray:
    """Return the clamped and rounded levels in dB of windowed frames (n, n_fft)."""
    from scipy import fft  # a third of a second to import, and half the time of numpy.fft

    band = slice(config.first_bin, config.first_bin + config.n_bins)
    spectrum = fft.rfft(windowed, axis=1)[:, band]
    power = spectrum.real**2 + spectrum.imag**2
    np.maximum(power, np.float32(10 ** (config.floor_db / 10)), out=power)
    level_db: FloatArray = np.log10(power, out=power)
    level_db *= np.float32(10 / units.LEVEL_STEP_DB)
    np.rint(level_db, out=level_db)
    level_db *= np.float32(units.LEVEL_STEP_DB)
    return level_db


@lru_cache(maxsize=8)
def _window(name: str, n_fft: int) -> NDArray[np.float32]:
    """Return the periodic window, scaled to power 1 for a full-scale sine on a bin."""
    n = np.arange(n_fft) * (2 * np.pi / n_fft)
    a0, a1, a2 = {
        "hann": (0.5, 0.5, 0.0),
        "hamming": (0.54, 0.46, 0.0),
        "blackman": (0.42, 0.5, 0.08),
    }[name]
    window = a0 - a1 * np.cos(n) + a2 * np.cos(2 * n)
    scaled: NDArray[np.float32] = (window * (2 / window.sum())).astype(np.float32)
    scaled.flags.writeable = False
    return scaled
