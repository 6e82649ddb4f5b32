"""Peaks of a spectrogram: the constellation of its highest local maxima.

Where the configuration says so, the level is whitened first: the local mean is subtracted, so
that a peak has to stand out from its surroundings rather than be loud. Then local maxima are
taken, and of these the highest in every short window of time are paired. Of a song some fainter
ones are kept too. Peaks come sorted by (frame, bin); heights and levels are in dB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fpcore.config import FingerprintConfig
from fpcore.records import Constellation, FloatArray, IntArray, Peaks, Spectrogram
from fpcore.units import LEVEL_STEP_DB

EMPTY = Peaks.on_bins(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))

WITHIN_BIN = np.float32(0.499)
"""Largest `fractions`: a tone between two bins belongs to the bin that its peak was found in."""


def local_maxima(spectrogram: Spectrogram, config: FingerprintConfig) -> Peaks:
    """Return every local maximum of a spectrogram above the floor, before any is left out."""
    if not spectrogram.level_db.size:
        return EMPTY
    return maxima_of(whiten(spectrogram, config), spectrogram, config)


def maxima_of(height_db: FloatArray, spectrogram: Spectrogram, config: FingerprintConfig) -> Peaks:
    """Return the local maxima of a spectrogram's heights.

    Parameters
    ----------
    height_db : float32 (n_frames, n_bins)
        Heights in dB as `whiten` returns them for ``spectrogram``.
    spectrogram : Spectrogram
        The levels, which must exceed the floor at a peak.
    config : FingerprintConfig
        Sets neighbourhood and floor.

    Returns
    -------
    Peaks
        Sorted by (frame, bin).
    """
    from fpcore.kernels import maxima

    if not height_db.size:
        return EMPTY
    floor_db = np.float32(config.floor_db)
    found = maxima.local_maxima(height_db, spectrogram.level_db, floor_db, *config.neighbourhood)
    return Peaks(
        found.row + np.int32(spectrogram.first_frame),
        found.column + np.int32(spectrogram.first_bin),
        height_db[found.row, found.column],
        fractions(spectrogram.level_db, found.row, found.column),
    )


def fractions(level_db: FloatArray, row: IntArray, column: IntArray) -> FloatArray:
    """Return by how much the tone of each peak lies above the middle of its bin.

    This is the top of the parabola through the levels of the bin and its two neighbours, which for
    a tone under a Hann window errs by less than 0.02 bins (J. O. Smith, "Spectral Audio Signal
    Processing", 2011, "Quadratic Interpolation of Spectral Peaks").

    Parameters
    ----------
    level_db : float32 (n_frames, n_bins)
        Levels in dB.
    row, column : int32 (n,)
        The peaks, as indices into ``level_db``.

    Returns
    -------
    float32 (n,)
        In bins, within (-0.5, 0.5), in the order of the peaks. 0 at the edges of the band, and
        where the bin is lower than a neighbour.
    """
    last = level_db.shape[1] - 1
    below = level_db[row, np.maximum(column - 1, 0)]
    above = level_db[row, np.minimum(column + 1, last)]
    middle = level_db[row, column]
    curvature = 2 * middle - below - above
    is_top = (column > 0) & (column < last) & (middle >= below) & (middle >= above)
    slope = np.where(is_top, above - below, 0)
    fraction: FloatArray = slope / np.maximum(2 * curvature, np.float32(LEVEL_STEP_DB))
    return np.clip(fraction, -WITHIN_BIN, WITHIN_BIN)


def whiten(spectrogram: Spectrogram, config: FingerprintConfig) -> FloatArray:
    """Return the heights in dB by which peaks are picked, float32 (n_frames, n_bins).

    Without whitening these are the levels themselves.
    """
    if config.whitening.kind == "none":
        return spectrogram.level_db
    from fpcore.kernels import whitening

    height_db: FloatArray = whitening.subtract_box_mean(
        spectrogram.level_db, *config.whitening_radii
    )
    return height_db


def local_maxima_of_tiles(tiles: Iterable[Spectrogram], config: FingerprintConfig) -> Peaks:
    """Return what `local_maxima` gives for the whole spectrogram, from consecutive tiles of it.

    Memory stays bounded: only as many frames are kept as the whitening and the neighbourhood need,
    and a peak is taken as soon as all frames around it are there.
    """
    reach = config.whitening_radii[0] + config.neighbourhood[0] // 2
    found: list[Peaks] = []
    seen: Spectrogram | None = None
    n_done = 0  # frames whose peaks are already in ``found``
    for tile in tiles:
        seen = tile if seen is None else _joined(seen, tile)
        end = seen.first_frame + len(seen.level_db) - reach
        found.append(_between(local_maxima(seen, config), n_done, end))
        n_done = max(n_done, end)
        keep_from = max(n_done - reach - seen.first_frame, 0)
        seen = replace(
            seen, level_db=seen.level_db[keep_from:], first_frame=seen.first_frame + keep_from
        )
    if seen is not None:
        found.append(_between(local_maxima(seen, config), n_done, None))
    return Peaks.joined(found) if found else EMPTY


def thin(peaks: Peaks, config: FingerprintConfig, max_peaks_per_s: float | None) -> Peaks:
    """Return the highest peaks of every ``density_window_s``.

    Parameters
    ----------
    peaks : Peaks
        Sorted by (frame, bin).
    config : FingerprintConfig
        Sets the length of the window and of a frame.
    max_peaks_per_s : float or None
        Most peaks a second. The quota of a window is the whole number of peaks that has accrued by
        its end, so fractions are not lost. None keeps all.

    Returns
    -------
    Peaks
        Sorted by (frame, bin). Of equal heights the earlier ones are kept.
    """
    return peaks.taken(_among_highest(peaks, config, max_peaks_per_s))


def constellation(
    maxima: Peaks, config: FingerprintConfig, *, paired: NDArray[np.bool_] | None = None
) -> Constellation:
    """Return what is kept of a song's local maxima: the paired ones and some fainter ones.

    Parameters
    ----------
    maxima : Peaks
        The n local maxima of the song.
    config : FingerprintConfig
        Sets how many are paired and kept.
    paired : bool (n,), optional
        Which ones are paired, in place of the highest ones by ``config.peaks.max_peaks_per_s``.

    Returns
    -------
    Constellation
        Sorted by (frame, bin).
    """
    if paired is None:
        paired = _among_highest(maxima, config, config.peaks.max_peaks_per_s)
    stays = paired
    if config.peaks.kept_peaks_per_s is not None:
        stays = paired | _among_highest(maxima, config, config.peaks.kept_peaks_per_s)
    return Constellation.of(maxima, paired).taken(stays)


def _among_highest(
    peaks: Peaks, config: FingerprintConfig, max_peaks_per_s: float | None
) -> NDArray[np.bool_]:
    """Return which peaks `thin` keeps, (n,)."""
    kept = np.ones(len(peaks), np.bool_)
    if max_peaks_per_s is None or not len(peaks):
        return kept
    frames_per_window = config.peaks.density_window_s / config.hop_s
    window = np.floor(peaks.frame / frames_per_window)
    order = np.lexsort((-peaks.level_db, window))  # stable: ties stay in (frame, bin) order
    ordered = window[order]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    per_window = max_peaks_per_s * config.peaks.density_window_s
    quota = np.floor((ordered + 1) * per_window) - np.floor(ordered * per_window)
    kept[order] = rank < quota
    return kept


def _joined(first: Spectrogram, second: Spectrogram) -> Spectrogram:
    return replace(first, level_db=np.concatenate([first.level_db, second.level_db]))


def _between(peaks: Peaks, start: int, end: int | None) -> Peaks:
    """Return the peaks with ``start <= frame < end``."""
    stop = len(peaks) if end is None else int(np.searchsorted(peaks.frame, end))
    return peaks.taken(slice(int(np.searchsorted(peaks.frame, start)), stop))
