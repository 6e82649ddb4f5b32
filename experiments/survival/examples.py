"""Peaks whose fate is known: described in the clean song, looked for in degraded copies of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import joblib
import numpy as np
from numpy.typing import NDArray

from experiments import queries as q
from experiments.corpora import Corpus, Track
from experiments.degradations import Condition, Sources, degrade
from experiments.excerpts import Excerpt, pick_excerpts, seeded_rng
from experiments.stages import StageCache
from experiments.survival.features import features
from experiments.survival.labels import found_again
from fpcore import peaks, pipeline
from fpcore.config import FingerprintConfig, Profile
from fpcore.records import DoubleArray, LongArray, Peaks, Signal
from fpcore.spectrogram import spectrogram


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Clean peaks of excerpts and whether each lived through each condition.

    ``description`` float64 (n, k) are the columns of `features.NAMES`; ``found`` bool
    (n, n_conditions). ``work`` (n,) is the piece of a peak and ``window`` int64 (n,) the stretch
    of ``density_window_s`` within which peaks compete for a place in the index: a number that no
    other stretch of any excerpt has.
    """

    description: DoubleArray
    found: NDArray[np.bool_]
    work: NDArray[np.str_]
    window: LongArray
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Gathering:
    """What examples are gathered from: the music, the degradations, and how the query listens."""

    corpus: Corpus
    profile: Profile
    conditions: tuple[Condition, ...]
    sources: Sources
    cache: StageCache
    n_excerpts: int = 2
    excerpt_s: float = 10.0
    seed: int = 0


def gather(of: Gathering, tracks: Sequence[Track], *, n_jobs: int = -1) -> Examples:
    """Return the examples of ``tracks`` that are long enough, in their order.

    Raises
    ------
    CorpusError
        When a track is silent.
    """
    usable = [track for track in tracks if track.duration_s > of.excerpt_s + 1]
    parts = joblib.Parallel(n_jobs=n_jobs)(joblib.delayed(_of_track)(of, one) for one in usable)
    excerpts = [excerpt for part in parts for excerpt in part]
    n_windows = np.cumsum([0, *(int(one.window.max(initial=-1)) + 1 for one in excerpts)])
    return Examples(
        np.concatenate([one.description for one in excerpts]),
        np.concatenate([one.found for one in excerpts]),
        np.concatenate([one.work for one in excerpts]),
        np.concatenate([one.window + n for one, n in zip(excerpts, n_windows, strict=False)]),
        tuple(condition.name for condition in of.conditions),
    )


def described(signal: Signal, config: FingerprintConfig) -> tuple[Peaks, DoubleArray]:
    """Return the local maxima of a whole song, before thinning, and their description."""
    levels = spectrogram(signal, config)
    height_db = peaks.whiten(levels, config)
    maxima = peaks.maxima_of(height_db, levels, config)
    return maxima, features(levels, height_db, maxima)


def windows(frame: NDArray[np.int32], config: FingerprintConfig) -> LongArray:
    """Return the stretch of ``density_window_s`` that each frame lies in, as `peaks.thin` cuts."""
    per_window = config.peaks.density_window_s / config.hop_s
    return np.floor(frame / per_window).astype(np.int64)


def _of_track(of: Gathering, track: Track) -> list[Examples]:
    config = of.profile.fingerprint
    signal = of.cache.signal(of.corpus, track, config)
    maxima, description = described(signal, config)
    rng = seeded_rng(of.seed, "survival", of.corpus.seeded_as, track.id)
    excerpts = pick_excerpts(
        signal, track_id=track.id, n=of.n_excerpts, duration_s=of.excerpt_s, rng=rng
    )
    return [_of_excerpt(of, track, excerpt, maxima, description) for excerpt in excerpts]


def _of_excerpt(
    of: Gathering, track: Track, excerpt: Excerpt, maxima: Peaks, description: DoubleArray
) -> Examples:
    config = of.profile.fingerprint
    signal = of.cache.signal(of.corpus, track, config)
    clean = q.clip(signal, excerpt, excerpt.duration_s)
    start = excerpt.start_s * config.sample_rate_hz / config.spectrogram.hop_length
    n_hops = (len(clean.samples) - config.spectrogram.n_fft) / config.spectrogram.hop_length
    rows = np.flatnonzero((maxima.frame >= start) & (maxima.frame <= start + n_hops))
    inside = Peaks.on_bins(maxima.frame[rows], maxima.bin[rows], maxima.level_db[rows])
    found = [
        found_again(inside, _heard(of, excerpt, clean, condition), offset_frames=start)
        for condition in of.conditions
    ]
    window = windows(inside.frame, config)
    return Examples(
        description[rows],
        np.stack(found, axis=1),
        np.full(len(rows), track.work),
        window - window.min(initial=0) if len(rows) else window,
        tuple(condition.name for condition in of.conditions),
    )


def _heard(
    of: Gathering, excerpt: Excerpt, clean: Signal, condition: Condition
) -> tuple[Peaks, ...]:
    """Return the query's constellations of a degraded excerpt, at all sub-hop shifts."""
    names = ("survival", excerpt.track_id, str(excerpt.start_s), condition.name)
    rng = seeded_rng(of.seed, *names)
    recording = degrade(clean, condition.chain, rng=rng, sources=of.sources)
    query = of.profile.query.model_copy(update={"thorough": None, "playback": None})
    return pipeline.query(recording, of.profile.fingerprint, query).peaks
