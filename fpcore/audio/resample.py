"""Resampling by soxr, block by block, without delay and with the same bits as in one go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
import soxr

from fpcore.records import FloatArray

ResamplerName = Literal["soxr_hq", "soxr_vhq"]

_QUALITY = {"soxr_hq": "HQ", "soxr_vhq": "VHQ"}


def resample(
    blocks: Iterable[FloatArray], *, from_hz: int, to_hz: int, resampler: ResamplerName
) -> Iterator[FloatArray]:
    """Yield blocks of mono samples at another sample rate.

    Parameters
    ----------
    blocks : iterable of float32 (n,)
        Consecutive samples.
    from_hz, to_hz : int
        Sample rates before and after, in hertz.
    resampler : {"soxr_hq", "soxr_vhq"}
        Quality.

    Yields
    ------
    float32 (n,), n >= 1
        Together n samples give round(n · to_hz / from_hz), the first of them at time 0: soxr holds
        back what its filter needs and returns it at the end.
    """
    if from_hz == to_hz:
        yield from (block for block in blocks if len(block))
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality=_QUALITY[resampler])
    for block in blocks:
        resampled = stream.resample_chunk(block)
        if len(resampled):
            yield resampled
    rest = stream.resample_chunk(np.empty(0, np.float32), last=True)
    if len(rest):
        yield rest
