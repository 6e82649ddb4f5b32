"""Recognitions to explain: real stores of generated songs, asked for every kind of outcome."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpcore import pipeline
from fpcore.config import Decision, Profile, QueryConfig
from fpcore.records import Signal
from fpcore.search.explain import Explanation, explain
from fpcore.search.passes import SearchTrace, align
from fpcore.store import NewSong, Store, open_store
from tests.fpcore.synthetic import LEAN, integer_noise, music

RATE_HZ = LEAN.sample_rate_hz

PROFILE = Profile(
    name="explained",
    fingerprint=LEAN,
    query=QueryConfig(max_peaks_per_s=30.0, fan_out=15, n_shifts=2, n_candidates=4),
    decision=Decision(intercept=-20.0, weights={"log_votes": 2.0, "found": 2.0}, threshold=0.5),
)


def song(seed: int, duration_s: float = 25.0) -> NDArray[np.float32]:
    """Return the samples of a song."""
    return music(duration_s, RATE_HZ, seed)


def looped() -> NDArray[np.float32]:
    """Return one bar of four seconds, six times over."""
    return np.tile(song(9, 4.0), 6)


def excerpt(
    samples: NDArray[np.float32], start_s: float, duration_s: float, *, noise: float = 0.0
) -> NDArray[np.float32]:
    """Return a part of a song, with noise of an amplitude."""
    start = round(start_s * RATE_HZ)
    part = samples[start : start + round(duration_s * RATE_HZ)]
    return (part + noise * integer_noise(len(part), 99)).astype(np.float32)


def filled_store(path: Path, names: dict[str, NDArray[np.float32]]) -> Store:
    """Return a new store that holds songs of these names."""
    store = open_store(path, LEAN, create=True)
    for name, samples in names.items():
        found = pipeline.fingerprint([samples], LEAN)
        store.add_song(
            NewSong(name, f"sum of {name}", found.duration_s), found.hashes, found.constellation
        )
    return store


@dataclass(frozen=True)
class Asked:
    """A recording, what was found for it, and the explanation."""

    signal: Signal
    alignment: SearchTrace
    explanation: Explanation


def ask(
    store: Store,
    samples: NDArray[np.float32],
    profile: Profile = PROFILE,
    *,
    with_spectrogram: bool = False,
) -> Asked:
    """Return what the store makes of a recording."""
    signal = Signal(samples, RATE_HZ)
    alignment = align(signal, store, profile)
    shown = signal if with_spectrogram else None
    return Asked(signal, alignment, explain(alignment, store, profile, signal=shown))
