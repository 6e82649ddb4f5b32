"""The part of a recording that it is recognised by: from its beginning to a while after sound.

A recorder that was started early gives a minute of silence and then a song.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fpcore.audio.blocks import decode_blocks
from fpcore.audio.limits import AudioLimits
from fpcore.audio.resample import ResamplerName
from fpcore.records import Cut, FloatArray, Remixed, Signal

SILENT_BELOW = 10 ** (-70 / 20)
"""Samples of a smaller magnitude are silent: -70 dB of full scale."""

LONGEST_SILENCE_S = 600.0
"""Silence is listened to for so long before it is taken for all there is."""


def load_from_first_sound(
    source: str | Path | BinaryIO,
    *,
    sample_rate_hz: int,
    resampler: ResamplerName,
    limits: AudioLimits,
    duration_s: float,
    name: str | None = None,
    on_cut: Callable[[Cut], None] | None = None,
    on_remixed: Callable[[Remixed], None] | None = None,
) -> Signal:
    """Return the beginning of a recording, up to ``duration_s`` after its first sound.

    Parameters
    ----------
    source : str, Path or binary file object
        A path, or an open seekable file.
    sample_rate_hz : int
        Sample rate of the signal, in hertz.
    resampler : {"soxr_hq", "soxr_vhq"}
        As for `fpcore.audio.decode_blocks`.
    limits : AudioLimits
        Bounds on duration, sample rate, channels and level.
    duration_s : float
        Seconds, above 0. Silence before the first sound does not count, unless there is nothing
        else within `LONGEST_SILENCE_S`.
    name : str, optional
        What messages call the source instead of its path.
    on_cut, on_remixed : callable, optional
        As for `fpcore.audio.decode_blocks`.

    Returns
    -------
    Signal
        With the silence, so that times are those of the recording.

    Raises
    ------
    AudioError
        As for `fpcore.audio.decode_blocks`.
    """
    length = round(duration_s * sample_rate_hz)
    patience = round(LONGEST_SILENCE_S * sample_rate_hz)
    parts: list[FloatArray] = []
    position, stop = 0, None
    blocks = decode_blocks(
        source,
        sample_rate_hz=sample_rate_hz,
        resampler=resampler,
        limits=limits,
        name=name,
        on_cut=on_cut,
        on_remixed=on_remixed,
    )
    with closing(blocks):
        for block in blocks:
            if stop is None:
                loud = np.flatnonzero(np.abs(block) >= SILENT_BELOW)
                stop = position + int(loud[0]) + length if len(loud) else None
            parts.append(block)
            position += len(block)
            if position >= (max(length, patience) if stop is None else stop):
                break
    samples = np.concatenate(parts or [np.empty(0, np.float32)])
    return Signal(samples[: length if stop is None else stop], sample_rate_hz)
