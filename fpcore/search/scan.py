"""Appearances of songs in a long recording, found in overlapping windows.

Each window of `WINDOW_S` is searched by itself, every `STEP_S`: `fpcore.search.sightings` says
which songs it holds, and `fpcore.search.plays` joins those of neighbouring windows to plays. A
window is searched as soon as the recording, which may still grow, has reached its end, and a play
is told as soon as no later window can add to it. Times are in seconds of the recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from fpcore.config import Profile
from fpcore.records import Appearance, FloatArray, Signal
from fpcore.search.plays import Plays
from fpcore.search.sightings import sightings
from fpcore.stages.windows import STEP_S, WINDOW_S
from fpcore.store.base import Index


def scan(blocks: Iterable[FloatArray], store: Index, profile: Profile) -> Iterator[Appearance]:
    """Yield the songs heard in a stream of sample blocks, each as soon as it has ended.

    Memory stays bounded however long the stream is.

    Parameters
    ----------
    blocks : iterable of float32 (n,)
        Consecutive mono samples at the sample rate of the profile, cut anywhere.
    store : Index
        The songs to search.
    profile : Profile
        Its fingerprint part must be the one that the index was made with.

    Yields
    ------
    Appearance
        One for each play. A short one that ends while another song plays on comes before that.

    Raises
    ------
    StoreError
        When the index cannot be read.
    """
    plays = Plays()
    for window_s, signal in windows(blocks, profile.fingerprint.sample_rate_hz):
        plays.add(sightings(signal, window_s, plays.lines, store, profile))
        yield from plays.settled(window_s + STEP_S)
    yield from plays.settled(np.inf)


def windows(blocks: Iterable[FloatArray], sample_rate_hz: int) -> Iterator[tuple[float, Signal]]:
    """Yield (start in seconds, signal) of each window, every `STEP_S`.

    ``blocks`` are float32 (n,), mono, cut anywhere. The last window may be shorter than `WINDOW_S`;
    a recording that is shorter than that is one window.
    """
    length, step = round(WINDOW_S * sample_rate_hz), round(STEP_S * sample_rate_hz)
    pending = np.empty(0, np.float32)
    position = 0
    for block in blocks:
        pending = np.concatenate([pending, block])
        while len(pending) >= length:
            yield position / sample_rate_hz, Signal(pending[:length].copy(), sample_rate_hz)
            pending = pending[step:]
            position += step
    overlap = length - step if position else 0
    if len(pending) > overlap:
        yield position / sample_rate_hz, Signal(pending, sample_rate_hz)
