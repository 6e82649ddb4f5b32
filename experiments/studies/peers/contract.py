"""Contract of a system under comparison: what it must be able to do.

A `Spec` describes a system and is sent between processes; a `System` is that system with its index
open, used by one process and one thread. Songs are known by names that the comparison gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fpcore.records import FloatArray

INDEX = "index"
"""Name of the folder, inside a system's own, for all that it reads to answer and nothing else: its
size is the size of the index."""

_WARM_UP_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The likeliest song ("" for none), the evidence for it, and where in it the clip begins.

    ``score`` rises with the evidence, on a scale of the system's own, and is 0 without a song.
    ``accepted`` is what the system itself decides.
    """

    song: str
    score: float
    accepted: bool
    offset_s: float


NO_ANSWER = Answer("", 0.0, accepted=False, offset_s=0.0)


class System(Protocol):
    """A fingerprinting system with its index, used by one process."""

    def songs(self) -> frozenset[str]:
        """Return the names of the songs that would still be known after a crash."""
        ...

    def warm_up(self) -> None:
        """Do once what is slow the first time, such as compiling; the index stays as it is."""
        ...

    def decode(self, path: Path) -> FloatArray:
        """Return the samples of a file, float32 (n,), as `learn` takes them."""
        ...

    def learn(self, name: str, samples: FloatArray) -> None:
        """Add a song to the index."""
        ...

    def save(self) -> int:
        """Put everything learned on the disk; return the number of postings in the index."""
        ...

    def ask(self, path: Path) -> Answer:
        """Return which song the recording in a file is of."""
        ...

    def close(self) -> None:
        """Close the index."""
        ...


class Spec(Protocol):
    """Describes a system so that any process can open it. Instances are pickled."""

    @property
    def name(self) -> str:
        """What the system is called in tables; unique within a comparison."""
        ...

    @property
    def family(self) -> str:
        """What several settings of one system have in common."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return everything that its answers depend on, as JSON."""
        ...

    def check(self) -> None:
        """Raise `RunError` when the system cannot run here."""
        ...

    def open(self, folder: Path) -> System:
        """Open the index in a folder, making it when there is none.

        What the system needs to answer lies in the folder `INDEX` of it.
        """
        ...


def warm_up_noise(sample_rate_hz: int) -> FloatArray:
    """Return some seconds of white noise, float32 (n,): sound that any system can analyse."""
    n = round(_WARM_UP_S * sample_rate_hz)
    return (0.1 * np.random.default_rng(0).standard_normal(n)).astype(np.float32)
