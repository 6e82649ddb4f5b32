"""Appearances of songs in a long recording, found in overlapping windows.

Each window of `WINDOW_S` is recognised by itself, every `STEP_S`; windows in a row that give the
same song are one appearance. Its ends are where the song's votes begin and cease, which is finer
than the windows. At most one song is found at a time. Times are in seconds of the recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpcore.config import Profile
from fpcore.records import Appearance, FloatArray, Match, Signal
from fpcore.search.passes import SearchTrace, align
from fpcore.stages import matching
from fpcore.stages.hashing import unpack
from fpcore.stages.windows import STEP_S, WINDOW_S
from fpcore.store.base import Store

DENSE_S = 2.0
"""An end of an appearance must have `DENSE_VOTES` votes within this many seconds, so that a
single chance hit on the right line cannot stretch it."""
DENSE_VOTES = 4


@dataclass(frozen=True, slots=True)
class Sighting:
    """The match in the window that starts at ``window_s``, heard from ``start_s`` to ``end_s``."""

    window_s: float
    start_s: float
    end_s: float
    match: Match


def scan(blocks: Iterable[FloatArray], store: Store, profile: Profile) -> Iterator[Appearance]:
    """Yield the songs heard in a stream of sample blocks, in the order of their first window.

    An appearance is yielded as soon as another song is heard, so memory stays bounded.

    Parameters
    ----------
    blocks : iterable of float32 (n,)
        Consecutive mono samples at the sample rate of the profile, cut anywhere.
    store : Store
        The songs to search.
    profile : Profile
        Its fingerprint part must be the one that the store was made with.

    Yields
    ------
    Appearance
        By the start of their first window.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    sightings: list[Sighting] = []
    for window_s, signal in windows(blocks, profile.fingerprint.sample_rate_hz):
        seen = _sighting(window_s, align(signal, store, profile), profile)
        if seen is None:
            continue
        if sightings and not _continues(sightings[-1], seen):
            yield _appearance(sightings)
            sightings = []
        sightings.append(seen)
    if sightings:
        yield _appearance(sightings)


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


def _sighting(window_s: float, trace: SearchTrace, profile: Profile) -> Sighting | None:
    """Return the accepted match of a window with the time span of its votes, or None.

    The span covers both peaks of each vote, its anchor and its target.
    """
    match = trace.recognition.match
    if match is None:
        return None
    ticks = trace.query.hashes.ticks_per_frame
    width_ticks = profile.query.width_ticks(ticks)
    offset_ticks = float(trace.candidates.offset_ticks[trace.rows[0]])
    votes = matching.hits_at_offset(trace.hits, match.song_id, offset_ticks, width_ticks)
    rows = np.unique(trace.hits.row[votes])
    anchor = trace.query.hashes.tick[rows]
    _, _, delta_frames = unpack(trace.query.hashes.token[rows], profile.fingerprint)
    heard = np.unique(np.concatenate([anchor, anchor + delta_frames * ticks]))
    tick_s = profile.fingerprint.hop_s / ticks / match.playback.tempo
    heard_s = heard.astype(np.float64) * tick_s
    start_s, end_s = _span(heard_s)
    return Sighting(window_s, window_s + start_s, window_s + end_s, match)


def _span(heard_s: NDArray[np.float64]) -> tuple[float, float]:
    """Return where vote times, sorted, begin and cease to be dense."""
    dense = heard_s[DENSE_VOTES - 1 :] - heard_s[: len(heard_s) - DENSE_VOTES + 1] <= DENSE_S
    starts = np.flatnonzero(dense)
    if not len(starts):
        return float(heard_s[0]), float(heard_s[-1])
    return float(heard_s[starts[0]]), float(heard_s[starts[-1] + DENSE_VOTES - 1])


def _continues(last: Sighting, seen: Sighting) -> bool:
    """Whether two sightings are of one appearance: the same song, with at most one miss between.

    The place in the song may jump: loops and refrains align at several places.
    """
    return last.match.song_id == seen.match.song_id and seen.window_s - last.window_s <= 2 * STEP_S


def _appearance(sightings: Sequence[Sighting]) -> Appearance:
    first = sightings[0]
    best = max(sightings, key=lambda sighting: sighting.match.confidence)
    start_s = min(sighting.start_s for sighting in sightings)
    return Appearance(
        song_id=first.match.song_id,
        song_name=first.match.song_name,
        start_s=start_s,
        end_s=max(sighting.end_s for sighting in sightings),
        song_offset_s=first.match.offset_s
        + (start_s - first.window_s) * first.match.playback.tempo,
        votes=max(sighting.match.votes for sighting in sightings),
        confidence=best.match.confidence,
        playback=best.match.playback,
    )
