"""Landmarks: every anchor peak paired with peaks in its target zone.

The zone begins ``min_delta_s`` and ends ``max_delta_s`` after the anchor and reaches
``max_delta_hz`` up and down. An anchor takes the first ``fan_out`` peaks in it, in
(frame, bin) order. After A. Wang, ISMIR 2003, section 2.2; there the zone is drawn as an area,
and the order in which its peaks are taken is left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcore.config import FingerprintConfig
from fpcore.records import Landmarks, Peaks

if TYPE_CHECKING:
    from fpcore.kernels.pairing import PeakPairs


def landmarks(peaks: Peaks, config: FingerprintConfig, fan_out: int | None = None) -> Landmarks:
    """Return the landmarks of a constellation.

    Parameters
    ----------
    peaks : Peaks
        The constellation, sorted by (frame, bin).
    config : FingerprintConfig
        Sets the target zone.
    fan_out : int, optional
        Most pairs of an anchor, in place of ``config.pairs.fan_out``: queries may ask for more.

    Returns
    -------
    Landmarks
        Sorted by (anchor_frame, anchor_bin), those of one anchor by target (frame, bin).

    Examples
    --------
    >>> import numpy as np
    >>> from fpcore.config import FingerprintConfig
    >>> frame, bin_ = np.array([0, 3, 9], np.int32), np.array([50, 60, 55], np.int32)
    >>> peaks = Peaks.on_bins(frame, bin_, np.zeros(3, np.float32))
    >>> found = landmarks(peaks, FingerprintConfig())
    >>> found.anchor_frame.tolist(), found.target_bin.tolist(), found.delta_frames.tolist()
    ([0, 0, 3], [60, 55, 55], [3, 9, 6])
    """
    anchor, target = pairs(peaks, config, fan_out)
    return Landmarks(
        peaks.frame[anchor],
        peaks.bin[anchor],
        peaks.bin[target],
        peaks.frame[target] - peaks.frame[anchor],
    )


def pairs(peaks: Peaks, config: FingerprintConfig, fan_out: int | None = None) -> PeakPairs:
    """Return which peaks are the anchors and which the targets of the pairs.

    Parameters
    ----------
    peaks : Peaks
        The constellation, sorted by (frame, bin).
    config : FingerprintConfig
        Sets the target zone.
    fan_out : int, optional
        Most pairs of an anchor, in place of ``config.pairs.fan_out``.

    Returns
    -------
    PeakPairs
        Rows of ``peaks``, sorted by (anchor, target).
    """
    from fpcore.kernels import pairing

    zone = pairing.TargetZone(
        config.min_delta_frames, config.max_delta_frames, config.max_delta_bins
    )
    n_targets = config.pairs.fan_out if fan_out is None else fan_out
    found: PeakPairs = pairing.pairs(peaks.frame, peaks.bin, zone, n_targets)
    return found
