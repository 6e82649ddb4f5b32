"""A recording at another speed, pitch or tempo: which one, and its hashes as if it were not.

Landmarks bear noise, but not that every frequency or every distance in time is a few percent
off. A recording that was not recognised is therefore tried at a grid of playbacks. Nothing is
analysed again: its peaks are moved in time and frequency, which takes frequencies finer than a
bin, and hashed anew. A coarse pass takes few of its peaks at all playbacks in one look-up; the
playbacks with most weight at one offset of one song are then looked at in full.

Every playback is one more chance to be wrong; `fpcore.stages.decision` counts them.
"""

from __future__ import annotations

import numpy as np

from fpcore import pipeline
from fpcore.config import FingerprintConfig, PlaybackSearch, QueryConfig
from fpcore.kernels import packed_sort
from fpcore.records import DoubleArray, IntArray, LongArray, Peaks, Playback, QueryHashes
from fpcore.stages import landmarks, peaks
from fpcore.stages.matching import numbered, rarity, sorted_by_token
from fpcore.store.base import Index

TICKS_PER_FRAME = 2
"""Of the coarse pass: moved peaks fall between frames."""
WIDTH_TICKS = 4
"""Offsets of the coarse pass that lie within two frames count together."""


def playbacks(search: PlaybackSearch) -> list[list[Playback]]:
    """Return the grid, each kind in a list of its own with its factors ascending.

    A frequency has to be right within half a bin, or it is another hash: that takes fine steps of
    speed and pitch. A Δt that is half a percent off is mostly still the same number of frames.
    """
    kinds = []
    for change, step, moves_pitch, moves_tempo in (
        (search.max_speed_change, search.step, 1, 1),
        (search.max_pitch_change, search.step, 1, 0),
        (search.max_tempo_change, search.tempo_step, 0, 1),
    ):
        n = int(change / step + 1e-9)
        changes = [k * step for k in range(-n, n + 1) if k]
        kinds.append([Playback(1 + moves_pitch * by, 1 + moves_tempo * by) for by in changes])
    return kinds


def n_playbacks(search: PlaybackSearch | None) -> int:
    """Return how many playbacks are tried beside the one as learned."""
    return 0 if search is None else sum(map(len, playbacks(search)))


def at_tempo(playback: Playback, faster: float, search: PlaybackSearch) -> list[Playback]:
    """Return what a query may be played as that runs ``faster`` times as fast as ``playback``.

    That is more finely measured than the grid of ``search``, but has to lie within it. A pitch
    within half a ``tempo_step`` of the tempo was changed with it, by another speed. Where the pitch
    was taken for the learned one it may have been changed with the tempo or not.
    """
    tempo = playback.tempo * faster
    if playback.pitch == 1:
        pitches = [tempo] * (search.max_speed_change > 0) + [1.0] * (search.max_tempo_change > 0)
    else:
        is_speed = abs(tempo / playback.pitch - 1) <= search.tempo_step / 2
        pitches = [tempo if is_speed else playback.pitch]
    most = max(search.max_speed_change, search.max_tempo_change) + search.tempo_step / 2
    return [Playback(pitch, tempo) for pitch in pitches if abs(tempo - 1) <= most]


def restored(
    query: pipeline.Query,
    playback: Playback,
    config: FingerprintConfig,
    query_config: QueryConfig,
) -> pipeline.Query:
    """Return a query with the hashes it would have if it had not been played as ``playback``."""
    from fpcore.kernels import playing

    n_shifts = len(query.peaks)
    parts = []
    for shift, found in enumerate(query.peaks):
        anchor, target = landmarks.pairs(found, config, query_config.fan_out)
        token, tick = moved(found, anchor, target, [playback], n_shifts, config, shift=shift)
        inside = token[0] != playing.OUTSIDE
        parts.append((token[0, inside], tick[0, inside]))
    token, tick = (np.concatenate(column) for column in zip(*parts, strict=True))
    tokens, ticks = packed_sort.distinct_pairs(token, tick)
    hashes = QueryHashes(tokens, ticks.astype(np.int32), n_shifts)
    return pipeline.Query(hashes, query.peaks, query.heard, playback)


def moved(
    found: Peaks,
    anchor: LongArray,
    target: LongArray,
    tried: list[Playback],
    ticks_per_frame: int,
    config: FingerprintConfig,
    *,
    shift: int = 0,
) -> tuple[LongArray, IntArray]:
    """Return tokens int64 and ticks int32, (n_playbacks, m), of pairs as if not so played.

    ``anchor`` and ``target`` int64 (m,) are rows of the peaks ``found``. Pairs that are then
    outside the band or the target zone have the token `fpcore.kernels.playing.OUTSIDE`.
    """
    from fpcore.kernels import playing

    pitch = np.array([[playback.pitch] for playback in tried])
    position = np.rint((found.bin + found.fraction)[None, :] / pitch).astype(np.int64)
    moved_pairs: tuple[LongArray, IntArray] = playing.moved(
        position - config.first_bin,
        found.frame,
        anchor,
        target,
        np.array([playback.tempo for playback in tried]),
        (config.n_bins, config.max_delta_bins, config.min_delta_frames, config.max_delta_frames),
        (ticks_per_frame, shift),
    )
    return moved_pairs


def likeliest(
    query: pipeline.Query, store: Index, config: FingerprintConfig, search: PlaybackSearch
) -> list[Playback]:
    """Return the playbacks that deserve a close look, the best first, at most ``n_close``.

    Of each kind only those count that have more weight than their neighbours in the grid, and
    enough more than chance (``min_contrast``).
    """
    kinds = [kind for kind in playbacks(search) if kind]
    tried = [playback for kind in kinds for playback in kind]
    if not tried:
        return []
    weight = coarse_pass(query.peaks[0], tried, store, config, search)
    least = search.min_contrast * float(np.median(weight))
    tops: list[tuple[float, Playback]] = []
    start = 0
    for kind in kinds:
        part = np.pad(weight[start : start + len(kind)], 1)
        start += len(kind)
        is_top = (part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:]) & (part[1:-1] >= least)
        tops += [(float(part[i + 1]), kind[i]) for i in np.flatnonzero(is_top)]
    tops.sort(key=lambda top: -top[0])
    return [playback for _, playback in tops[: search.n_close]]


def coarse_pass(
    found: Peaks,
    tried: list[Playback],
    store: Index,
    config: FingerprintConfig,
    search: PlaybackSearch,
) -> DoubleArray:
    """Return the most weight at one offset of one song under each playback, float64 (n,)."""
    from fpcore.kernels import playing

    sparse = peaks.thin(found, config, search.max_peaks_per_s)
    anchor, target = landmarks.pairs(sparse, config, search.fan_out)
    token, tick = moved(sparse, anchor, target, tried, TICKS_PER_FRAME, config)
    tokens, row = np.unique(token, return_inverse=True)
    postings = sorted_by_token(store.lookup(tokens))
    n_postings = np.bincount(postings.query_row, minlength=len(tokens))
    _, song = numbered(postings.song_id)
    weight: DoubleArray = playing.heaviest_offsets(
        row.reshape(token.shape),
        tick,
        np.cumsum(n_postings),
        rarity(n_postings),
        song,
        postings.frame.astype(np.int64) * TICKS_PER_FRAME,
        WIDTH_TICKS,
    )
    return weight
