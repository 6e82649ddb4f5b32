"""Surrogate songs: passages of real constellations, transposed and put together anew.

A clip agrees with a wrong song at random, but not in each hash independently: peaks come in
chords and beats, and one shared peak makes many pairs agree. Songs to fill an index with are
therefore made of peaks, not of hashes. Passages of real songs follow each other in random
order, each moved up or down by its own number of bins, and are then paired and hashed as a learned
song is. So peaks, their levels and their clumping are those of music, but the hashes are those of
no real song. (On surrogate data, which keep what a null hypothesis allows and destroy the rest:
J. Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
Physica D 58, 1992.)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from fpcore import pipeline
from fpcore.config import FingerprintConfig
from fpcore.records import Constellation, LongArray
from fpcore.store import Entry, NewSong

MIN_PASSAGE_S, MAX_PASSAGE_S = 5.0, 15.0
"""A query of 10 s mostly lies within one passage or two."""

MAX_TRANSPOSITION_BINS = 30
"""Far enough for 60 different passages from one, near enough to stay in its register."""


def surrogate_songs(
    constellations: Sequence[Constellation],
    durations_s: Sequence[float],
    config: FingerprintConfig,
    rng: np.random.Generator,
) -> Iterator[Entry]:
    """Yield surrogate songs without end.

    Parameters
    ----------
    constellations : sequence of Constellation
        Peaks of the real songs, from which passages are taken.
    durations_s : sequence of float, one for each constellation
        Their lengths in seconds. The surrogates get the same lengths, in this order, again and
        again.
    config : FingerprintConfig
        With which the constellations were made, and the surrogates are hashed.
    rng : numpy.random.Generator
        Draws passages and transpositions.

    Yields
    ------
    Entry
        A song named ``surrogate N``, its hashes and its peaks.
    """
    n_frames = np.array([max(1, round(each / config.hop_s)) for each in durations_s], np.int64)
    for number in itertools.count():
        model = number % len(durations_s)
        peaks = surrogate(constellations, n_frames, int(n_frames[model]), config, rng)
        found = pipeline.fingerprint_from(peaks, durations_s[model], config)
        song = NewSong(f"surrogate {number}", f"surrogate-{number}", found.duration_s)
        yield song, found.hashes, found.constellation


def surrogate(
    constellations: Sequence[Constellation],
    n_frames: LongArray,
    wanted_frames: int,
    config: FingerprintConfig,
    rng: np.random.Generator,
) -> Constellation:
    """Return a constellation made of transposed passages of others.

    Every frame is as likely as any other to lie in a passage, but for those near an end of its
    song. Peaks that a transposition moves out of the band of ``config`` are left out.

    Parameters
    ----------
    constellations : sequence of Constellation
        What passages are taken from.
    n_frames : int64 (n,), at least 1
        Their lengths in frames.
    wanted_frames : int, at least 0
        Length of the result in frames.
    config : FingerprintConfig
        Gives the hop, and the band in bins.
    rng : numpy.random.Generator
        Draws passages of 5 to 15 s, and transpositions of 1 to 30 bins up or down.

    Returns
    -------
    Constellation
        Sorted by frame.
    """
    shares = n_frames / n_frames.sum()
    shortest, longest = MIN_PASSAGE_S / config.hop_s, MAX_PASSAGE_S / config.hop_s
    passages: list[Constellation] = []
    end = 0
    while end < wanted_frames:
        of_song = int(rng.choice(len(n_frames), p=shares))
        length = min(round(rng.uniform(shortest, longest)), int(n_frames[of_song]))
        length = min(length, wanted_frames - end)
        start = int(rng.integers(n_frames[of_song] - length + 1))
        by_bins = int(rng.integers(1, MAX_TRANSPOSITION_BINS + 1) * rng.choice([-1, 1]))
        passages.append(
            _passage(constellations[of_song], start, length, end - start, by_bins, config)
        )
        end += length
    return Constellation.joined(passages)


def _passage(
    song: Constellation,
    start: int,
    length: int,
    by_frames: int,
    by_bins: int,
    config: FingerprintConfig,
) -> Constellation:
    """Return the peaks of ``length`` frames from ``start`` on, moved in time and frequency."""
    first, last = np.searchsorted(song.frame, [start, start + length])
    moved = song.bin[first:last] + np.int32(by_bins)
    inside = (moved >= config.first_bin) & (moved < config.first_bin + config.n_bins)
    there = song.taken(np.arange(first, last)[inside])
    return replace(there, frame=there.frame + np.int32(by_frames), bin=moved[inside])
