"""Peaks -> Landmarks: every anchor with the peaks of its target zone.

The zone begins ``min_delta_s`` and ends ``max_delta_s`` after the anchor and reaches
``max_delta_hz`` up and down. An anchor takes the first ``fan_out`` peaks in it, in
(frame, bin) order. After A. Wang, ISMIR 2003, section 2.2; there the zone is drawn as an area
and its order is left open.
"""

from __future__ import annotations

from fpcore.config import FingerprintConfig
from fpcore.records import Landmarks, LongArray, Peaks


def landmarks(peaks: Peaks, config: FingerprintConfig, fan_out: int | None = None) -> Landmarks:
    """Return the pairs of ``peaks``; ``fan_out`` overrides that of ``config`` (queries)."""
    anchor, target = pairs(peaks, config, fan_out)
    return Landmarks(
        peaks.frame[anchor],
        peaks.bin[anchor],
        peaks.bin[target],
        peaks.frame[target] - peaks.frame[anchor],
    )


def pairs(
    peaks: Peaks, config: FingerprintConfig, fan_out: int | None = None
) -> tuple[LongArray, LongArray]:
    """Return which of ``peaks`` are the anchors and the targets of the pairs, int64 (m,) each."""
    from fpcore.kernels import pairing

    anchor, target = pairing.pairs(
        peaks.frame,
        peaks.bin,
        config.pairs.fan_out if fan_out is None else fan_out,
        config.min_delta_frames,
        config.max_delta_frames,
        config.max_delta_bins,
    )
    return anchor, target
