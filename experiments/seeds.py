"""Random generators that follow from a seed and from names, never from the order of calls."""

from __future__ import annotations

import hashlib
import json

import numpy as np


def seeded_rng(seed: int, *names: str | int) -> np.random.Generator:
    """Return the random generator that belongs to ``seed`` and ``names``, the same everywhere.

    Different names give independent streams; the order in which generators are made plays no
    role. Use it with the ids of whatever the random choice is about: track, condition, query.

    Examples
    --------
    >>> first = seeded_rng(0, "excerpts", "song-0001").random()
    >>> first == seeded_rng(0, "excerpts", "song-0001").random()
    True
    >>> first == seeded_rng(0, "excerpts", "song-0002").random()
    False
    """
    words = json.dumps([seed, *names], separators=(",", ":")).encode("ascii")
    return np.random.default_rng(int.from_bytes(hashlib.sha256(words).digest(), "big"))
