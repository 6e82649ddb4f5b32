"""What a recording looks like while it is heard: its level, and columns of a spectrogram."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FLOOR_DB = -60.0
"""What is softer is shown as silence."""

N_BANDS = 72
COLUMN_S = 0.04
"""Seconds from one column of the spectrogram to the next."""

LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
_FULL_SCALE = 32768.0
_SPAN_DB = 70.0

Samples = NDArray[np.int16]


def level_db(samples: Samples) -> float:
    """Return the level of samples, from `FLOOR_DB` to 0."""
    if not len(samples):
        return FLOOR_DB
    rms = math.sqrt(float(np.mean(np.square(samples / _FULL_SCALE))))
    return max(FLOOR_DB, 20 * math.log10(rms)) if rms > 0 else FLOOR_DB


class Columns:
    """Columns of a spectrogram out of blocks of any length.

    Parameters
    ----------
    rate_hz : int
        Sampling rate of the blocks.
    """

    def __init__(self, rate_hz: int) -> None:
        self._hop = max(1, round(COLUMN_S * rate_hz))
        self._size = 2 * self._hop
        self._window = np.hanning(self._size).astype(np.float32)
        self._rest: Samples = np.zeros(0, np.int16)
        edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, rate_hz / 2), N_BANDS + 1)
        bins = np.round(edges * self._size / rate_hz).astype(int)
        n_bins = self._size // 2 + 1
        self._first = np.minimum(bins[:-1], n_bins - 1)
        self._end = np.minimum(np.maximum(bins[1:], self._first + 1), n_bins)

    def of(self, block: Samples) -> NDArray[np.uint8]:
        """Return the columns that a block completes.

        Parameters
        ----------
        block : array of int16, shape (n,)
            It follows the blocks of before.

        Returns
        -------
        array of uint8, shape (n_columns, N_BANDS)
            From 0, silence, to 255; the lowest band first.
        """
        samples = np.concatenate([self._rest, block])
        n_columns = max(0, (len(samples) - self._size) // self._hop + 1)
        if not n_columns:
            self._rest = samples
            return np.zeros((0, N_BANDS), np.uint8)
        starts = np.arange(n_columns) * self._hop
        frames = samples[starts[:, None] + np.arange(self._size)] / np.float32(_FULL_SCALE)
        power = np.abs(np.fft.rfft(frames * self._window, axis=1)) ** 2
        power /= (self._size / 4) ** 2
        sums = np.concatenate([np.zeros((n_columns, 1)), np.cumsum(power, axis=1)], axis=1)
        bands = (sums[:, self._end] - sums[:, self._first]) / (self._end - self._first)
        level = 10 * np.log10(np.maximum(bands, 1e-12))
        self._rest = samples[n_columns * self._hop :]
        shown: NDArray[np.uint8] = np.clip(255 * (level + 10 + _SPAN_DB) / _SPAN_DB, 0, 255).astype(
            np.uint8
        )
        return shown


def palette(*stops: str) -> NDArray[np.uint8]:
    """Return 256 colours that lead through colours like ``#0d1b2a``.

    >>> palette("#000000", "#ffffff")[[0, 255]].tolist()
    [[0, 0, 0], [255, 255, 255]]
    """
    known = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    at = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(at, range(len(stops)), known[:, i]) for i in range(3)]
    colours: NDArray[np.uint8] = np.round(np.stack(channels, axis=1)).astype(np.uint8)
    return colours


def ppm(
    columns: NDArray[np.uint8], colours: NDArray[np.uint8], *, width: int, height: int, step: int
) -> bytes:
    """Return a picture of columns, the last at its right edge, as a file in PPM.

    Parameters
    ----------
    columns : array of uint8, shape (n, N_BANDS)
        As `Columns.of` returns them; those that do not fit on the left are left out.
    colours : array of uint8, shape (256, 3)
        The palette.
    width, height : int
        Size in pixels.
    step : int
        Pixels of a column.
    """
    picture = np.zeros((height, width), np.uint8)
    shown = columns[max(0, len(columns) - -(-width // step)) :]
    if len(shown):
        rows = (np.arange(height)[::-1] * columns.shape[1]) // height
        stretched = np.repeat(shown[:, rows].T, step, axis=1)[:, -width:]
        picture[:, width - stretched.shape[1] :] = stretched
    return b"P6 %d %d 255\n" % (width, height) + colours[picture].tobytes()
