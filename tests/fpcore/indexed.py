"""Six songs of 40 s in an index, and a profile whose decision no calibration changes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpcore import pipeline
from fpcore.config import Decision, Profile, QueryConfig
from fpcore.records import Signal
from fpcore.store import NewSong, SqliteStore, open_store
from tests.fpcore.synthetic import LEAN, music

RATE_HZ = LEAN.sample_rate_hz
SONG_S = 40.0
N_SONGS = 6

UNKNOWN = 99
"""Index of a song that is never learned."""

PROFILE = Profile(
    name="tested",
    fingerprint=LEAN,
    query=QueryConfig(max_peaks_per_s=30.0, fan_out=15, n_shifts=2, interruptions=False),
    decision=Decision(intercept=-20.0, weights={"log_votes": 2.0, "found": 2.0}, threshold=0.5),
)


def with_threshold(threshold: float) -> Profile:
    """Return `PROFILE` with another threshold."""
    decision = PROFILE.decision.model_copy(update={"threshold": threshold})
    return PROFILE.model_copy(update={"decision": decision})


@cache
def song(index: int) -> NDArray[np.float32]:
    """Return the samples of a song at `RATE_HZ`."""
    return music(SONG_S, RATE_HZ, seed=500 + index)


def part(index: int, start_s: float, duration_s: float) -> NDArray[np.float32]:
    """Return the samples of a part of a song."""
    start = round(start_s * RATE_HZ)
    return song(index)[start : start + round(duration_s * RATE_HZ)]


def excerpt(index: int, start_s: float, duration_s: float) -> Signal:
    """Return a part of a song as a recording."""
    return Signal(part(index, start_s, duration_s), RATE_HZ)


def silence(duration_s: float) -> NDArray[np.float32]:
    """Return zeros."""
    return np.zeros(round(duration_s * RATE_HZ), np.float32)


def filled(path: Path, n_songs: int = N_SONGS) -> SqliteStore:
    """Return a new index of the first songs, called "song 0" and so on, with ids from 1."""
    store = open_store(path, LEAN, create=True)
    for index in range(n_songs):
        found = pipeline.fingerprint([song(index)], LEAN)
        new = NewSong(f"song {index}", f"sum {index}", found.duration_s)
        store.add_song(new, found.hashes, found.constellation)
    return store
