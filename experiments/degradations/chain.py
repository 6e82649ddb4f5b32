"""The chain of degradations: which function does what each ``kind`` describes, and in which order.

Every step takes a signal (mono float32) and returns a new one; the signal that was passed in is
left as it was. What the steps keep of length, timing and level is told in the package's
conventions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from experiments.degradations import (
    babble,
    channel,
    codecs,
    noise,
    rooms,
    surround,
    telephone,
    time_scale,
)
from experiments.degradations.config import Degradation, Surround
from experiments.degradations.sources import Sources
from fpcore.errors import AudioError
from fpcore.records import Signal

ChainStep = Callable[[Signal, Any, np.random.Generator, Sources], Signal]

NO_SOURCES: Sources = MappingProxyType({})


def _fixed(change: Callable[[Signal, Any], Signal]) -> ChainStep:
    """Return a step out of a function that draws nothing and reads no file."""
    return lambda signal, how, _rng, _sources: change(signal, how)


def _random(change: Callable[[Signal, Any, np.random.Generator], Signal]) -> ChainStep:
    """Return a step out of a function that draws at random but reads no file."""
    return lambda signal, how, rng, _sources: change(signal, how, rng)


def _surround(signal: Signal, how: Surround, rng: np.random.Generator, sources: Sources) -> Signal:
    if how.filling is None:
        return surround.surround(signal, how, None)
    step, filling = STEPS[how.filling.kind], how.filling
    return surround.surround(signal, how, lambda laid: step(laid, filling, rng, sources))


STEPS: dict[str, ChainStep] = {
    "white": _random(noise.add_white),
    "pink": _random(noise.add_pink),
    "babble": babble.add_babble,
    "recording": noise.add_recording,
    "room": _random(rooms.simulate_room),
    "measured_room": rooms.replay_room,
    "codec": _fixed(codecs.encode_and_decode),
    "telephone": _fixed(telephone.call),
    "band_pass": _fixed(channel.pass_band),
    "clip": _fixed(channel.clip_peaks),
    "gain": _fixed(channel.change_gain),
    "speed": _fixed(time_scale.change_speed),
    "pitch": _fixed(time_scale.change_pitch),
    "tempo": _fixed(time_scale.change_tempo),
    "fade": _fixed(surround.fade),
    "surround": _surround,
}
"""What each ``kind`` of `Degradation` does."""


def degrade(
    signal: Signal,
    degradations: Sequence[Degradation],
    *,
    rng: np.random.Generator,
    sources: Sources = NO_SOURCES,
) -> Signal:
    """Return ``signal`` after ``degradations``, applied from first to last.

    Parameters
    ----------
    signal : Signal, float32 (n,)
        At least one sample, all finite.
    degradations : sequence of Degradation
        May be empty, which returns ``signal`` itself.
    rng : numpy.random.Generator
        The only source of randomness.
    sources : Sources, optional
        Audio files by the names that ``recording``, ``measured_room`` and recorded ``babble``
        give.

    Returns
    -------
    Signal
        At the same sample rate, and of the same length unless a step changes
        speed or tempo, or surrounds it.

    Raises
    ------
    AudioError
        When ``signal`` is empty or not finite, or a file of a source cannot be decoded.
    SilentSignalError
        When noise is to be added to a silent signal. Everything else leaves silence silent.
    ConfigError
        When a source is missing or does not suffice.

    Examples
    --------
    >>> import numpy as np
    >>> from fpcore.records import Signal
    >>> from experiments.degradations import condition
    >>> tone = Signal(np.sin(np.arange(8000, dtype=np.float32)), 8000)
    >>> faster = degrade(tone, condition("speed-p2").chain, rng=np.random.default_rng(0))
    >>> len(faster.samples)  # 8000 / 1.02
    7843
    """
    if not len(signal.samples):
        raise AudioError("an excerpt without samples cannot be degraded: cut a longer one")
    if not np.all(np.isfinite(signal.samples)):
        raise AudioError("the excerpt holds samples that are not finite: check how it was decoded")
    for degradation in degradations:
        signal = STEPS[degradation.kind](signal, degradation, rng, sources)
    return signal
