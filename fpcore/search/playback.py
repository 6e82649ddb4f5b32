"""Playback search: the speed, pitch or tempo at which a recording was played, and its hashes then.

Landmarks bear noise, but not that every frequency or every distance in time is a few percent
off. So a recording that was not recognised is tried at a grid of playbacks. It is not analysed
again: its peaks are moved in time and frequency, which takes frequencies finer than a bin, and
are hashed anew. A coarse pass takes few of the peaks at all playbacks in one look-up. The
playbacks with most weight at one offset of one song then get a pass each in full.

A pitch and a tempo are factors: 1.02 is 2% higher or faster. Each playback is one more hypothesis
and so one more chance to be wrong; `fpcore.stages.decision` takes that into account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fpcore import pipeline
from fpcore.config import FingerprintConfig, PlaybackSearch, QueryConfig
from fpcore.kernels import packed_sort
from fpcore.records import DoubleArray, Peaks, Playback, QueryHashes
from fpcore.stages import landmarks, peaks
from fpcore.stages.matching import numbered, rarity, sorted_by_token
from fpcore.store.base import Index

if TYPE_CHECKING:
    from fpcore.kernels.pairing import PeakPairs
    from fpcore.kernels.playing import MovedHashes

TICKS_PER_FRAME = 2
"""Ticks in a frame in the coarse pass: moved peaks fall between frames."""
WIDTH_TICKS = 4
"""Offsets in the coarse pass count together when they lie within this many ticks: two frames."""


def playbacks(search: PlaybackSearch) -> list[list[Playback]]:
    """Return the grid of playbacks, one list for each kind, with factors ascending and without 1.

    The kinds are speed, pitch and tempo, in this order. A frequency has to be right within half a
    bin, or it is another hash, so speed and pitch take fine steps. A Δt that is half a percent off
    is mostly still the same number of frames, so tempo takes coarser ones.
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
    """Return how many playbacks are tried besides the one as learned; 0 without a search."""
    return 0 if search is None else sum(map(len, playbacks(search)))


def at_tempo(playback: Playback, faster: float, search: PlaybackSearch) -> list[Playback]:
    """Return the playbacks that a recording may have, once its tempo is known more exactly.

    A pitch within half a ``tempo_step`` of the tempo was changed together with it, by another
    speed. A recording that was taken to have the learned pitch may have another speed or another
    tempo.

    Parameters
    ----------
    playback : Playback
        The playback assumed so far.
    faster : float
        The recording runs this many times as fast as ``playback`` has it.
    search : PlaybackSearch
        Its grid bounds the tempo, which may lie between its steps.

    Returns
    -------
    list of Playback
        At most two; none when the tempo lies outside the grid.
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
    query: pipeline.QueryFingerprint,
    playback: Playback,
    config: FingerprintConfig,
    query_config: QueryConfig,
) -> pipeline.QueryFingerprint:
    """Return a query with the hashes that it would have if it had not been played as ``playback``.

    Parameters
    ----------
    query : pipeline.QueryFingerprint
        The recording; its peaks are those that were heard.
    playback : Playback
        How it is assumed to have been played.
    config : FingerprintConfig
        The configuration of the index.
    query_config : QueryConfig
        Sets the fan-out.

    Returns
    -------
    pipeline.QueryFingerprint
        With hashes sorted by (token, tick), and the peaks of ``query``.
    """
    from fpcore.kernels import playing

    n_shifts = len(query.peaks)
    parts = []
    for shift, found in enumerate(query.peaks):
        pairs = landmarks.pairs(found, config, query_config.fan_out)
        hashes = moved(found, pairs, [playback], n_shifts, config, shift=shift)
        inside = hashes.token[0] != playing.OUTSIDE
        parts.append((hashes.token[0, inside], hashes.tick[0, inside]))
    token, tick = (np.concatenate(column) for column in zip(*parts, strict=True))
    tokens, ticks = packed_sort.distinct_pairs(token, tick)
    restored_hashes = QueryHashes(tokens, ticks.astype(np.int32), n_shifts)
    return pipeline.QueryFingerprint(restored_hashes, query.peaks, query.heard, playback)


def moved(
    found: Peaks,
    pairs: PeakPairs,
    tried: list[Playback],
    ticks_per_frame: int,
    config: FingerprintConfig,
    *,
    shift: int = 0,
) -> MovedHashes:
    """Return the hashes that pairs of peaks would have if they had not been played as they were.

    Parameters
    ----------
    found : Peaks
        The peaks as they were heard.
    pairs : PeakPairs
        Which of ``found`` make the m pairs.
    tried : list of Playback
        The n playbacks to undo.
    ticks_per_frame : int
        Ticks in a frame, >= 1.
    config : FingerprintConfig
        The configuration of the index.
    shift : int
        Ticks that were left out before the first frame.

    Returns
    -------
    MovedHashes
        The token and the tick of each pair at each playback, (n, m).
    """
    from fpcore.kernels import pairing, playing

    pitch = np.array([[playback.pitch] for playback in tried])
    position = np.rint((found.bin + found.fraction)[None, :] / pitch).astype(np.int64)
    tempo = np.array([playback.tempo for playback in tried])
    hashes: MovedHashes = playing.moved(
        playing.MovedPeaks(position - config.first_bin, found.frame, tempo, config.n_bins),
        pairs,
        pairing.TargetZone(config.min_delta_frames, config.max_delta_frames, config.max_delta_bins),
        playing.TickClock(ticks_per_frame, shift),
    )
    return hashes


def likeliest(
    query: pipeline.QueryFingerprint,
    store: Index,
    config: FingerprintConfig,
    search: PlaybackSearch,
) -> list[Playback]:
    """Return the playbacks that deserve a pass in full, most weight first.

    Parameters
    ----------
    query : pipeline.QueryFingerprint
        The recording.
    store : Index
        The songs to search.
    config : FingerprintConfig
        The configuration of the index.
    search : PlaybackSearch
        The grid, and how many are wanted.

    Returns
    -------
    list of Playback
        At most ``search.n_close``. Each has more weight than its neighbours in the grid, and at
        least ``search.min_contrast`` times the median weight, which is that of chance.
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
    """Return the most weight that a recording gathers at one offset of one song, for each playback.

    Parameters
    ----------
    found : Peaks
        The recording's peaks at one shift; the highest ``search.max_peaks_per_s`` are used.
    tried : list of Playback
        The n playbacks to undo.
    store : Index
        The songs to search.
    config : FingerprintConfig
        The configuration of the index.
    search : PlaybackSearch
        Sets density and fan-out of this pass.

    Returns
    -------
    float64 (n,)
        Weights in the unit of `fpcore.stages.matching.rarity`, in the order of ``tried``.
    """
    from fpcore.kernels import playing

    sparse = peaks.thin(found, config, search.max_peaks_per_s)
    pairs = landmarks.pairs(sparse, config, search.fan_out)
    hashes = moved(sparse, pairs, tried, TICKS_PER_FRAME, config)
    tokens, row = np.unique(hashes.token, return_inverse=True)
    postings = sorted_by_token(store.lookup(tokens))
    n_postings = np.bincount(postings.query_row, minlength=len(tokens))
    _, song = numbered(postings.song_id)
    weighed = playing.WeighedPostings(
        np.cumsum(n_postings),
        rarity(n_postings),
        song,
        postings.frame.astype(np.int64) * TICKS_PER_FRAME,
    )
    weight: DoubleArray = playing.heaviest_offsets(
        row.reshape(hashes.token.shape), hashes.tick, weighed, WIDTH_TICKS
    )
    return weight
