"""QueryHashes + Postings -> Candidates: the offset histogram and its best songs.

A *hit* is a posting of a token that the query also has. Its offset, song time minus query
time, is the same for all true hits of a song, while chance hits scatter: the song with most
hits at one offset is the answer (A. Wang, ISMIR 2003, section 2.3). A hit weighs
``1 / log2(2 + n)`` with ``n`` the postings of its token, because a hash that is everywhere
says little.

Offsets are in ticks of the query (see `fpcore.records.QueryHashes`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpcore.config import FingerprintConfig, QueryConfig
from fpcore.records import Candidates, DoubleArray, IntArray, LongArray, Postings, QueryHashes

BLOCK_S = 0.5
"""Evidence that is spread over the query is counted in blocks of this many seconds."""

WARPS = (1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8, 9)
"""Decoy offsets are song time plus this many times query time; 1 is time reversed."""

MIN_DECOY_SONGS = 100
CHANCE_QUANTILE = 0.95
MIN_CHANCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Every posting found, against every query hash of its token; sorted by (song, offset).

    ``row`` int64 points into the query's hashes, ``song_id`` int64 and ``frame`` int32 are the
    posting's, ``offset_ticks`` int64 is song time minus query time, ``weight`` float64 its
    rarity; all (k,).
    """

    row: LongArray
    song_id: LongArray
    frame: IntArray
    offset_ticks: LongArray
    weight: DoubleArray


def hits(query: QueryHashes, tokens: LongArray, postings: Postings) -> Hits:
    """Return the hits of a query whose distinct ``tokens`` were looked up as ``postings``.

    ``tokens`` must be sorted and hold every token of the query; ``postings.query_row`` points
    into it.
    """
    n_postings = np.bincount(postings.query_row, minlength=len(tokens))
    by_token = np.argsort(postings.query_row, kind="stable")
    first = np.cumsum(n_postings) - n_postings
    token_row = np.searchsorted(tokens, query.token)
    n_hits = n_postings[token_row]
    row = np.repeat(np.arange(len(query), dtype=np.int64), n_hits)
    within = np.arange(len(row)) - np.repeat(np.cumsum(n_hits) - n_hits, n_hits)
    posting = by_token[np.repeat(first[token_row], n_hits) + within]
    song_id, frame = postings.song_id[posting], postings.frame[posting]
    offset_ticks = frame.astype(np.int64) * query.ticks_per_frame - query.tick[row]
    weight = 1 / np.log2(2.0 + n_postings[token_row[row]])
    order = np.lexsort((offset_ticks, song_id))
    return Hits(row[order], song_id[order], frame[order], offset_ticks[order], weight[order])


def rank(
    found: Hits, query: QueryHashes, config: FingerprintConfig, query_config: QueryConfig
) -> Candidates:
    """Return the heaviest offsets of the heaviest songs, as many as ``query_config`` asks for.

    Songs of equal weight are in the order of their ids, offsets of equal weight ascend.
    """
    from fpcore.kernels import voting

    width_ticks = query_config.width_ticks(query.ticks_per_frame)
    starts, _, weight = voting.best_windows(
        found.song_id, found.offset_ticks, found.weight, width_ticks
    )
    chance = chance_weight(found, query, weight, width_ticks)
    rows = []
    for song in np.argsort(-weight, kind="stable")[: query_config.n_candidates]:
        of_song = hits_of_song(found, int(found.song_id[starts[song]]))
        windows = voting.top_windows(
            found.offset_ticks[of_song],
            found.weight[of_song],
            width_ticks,
            query_config.n_offsets,
        )
        for start, end in windows + of_song.start:
            rows.append(_evidence(found, slice(start, end), query, config, chance))
    dtypes = list(Candidates._DTYPES.values())
    columns = list(zip(*rows, strict=True)) or [()] * len(dtypes)
    return Candidates(*(np.array(c, t) for c, t in zip(columns, dtypes, strict=True)))


def hits_of_song(found: Hits, song_id: int) -> slice:
    """Return which hits are of a song."""
    start, end = np.searchsorted(found.song_id, [song_id, song_id + 1])
    return slice(int(start), int(end))


def hits_at_offset(found: Hits, song_id: int, offset_ticks: float, width_ticks: float) -> slice:
    """Return which hits are of a song and within half of ``width_ticks`` of an offset."""
    song = hits_of_song(found, song_id)
    offsets = found.offset_ticks[song]
    start = np.searchsorted(offsets, offset_ticks - width_ticks / 2)
    end = np.searchsorted(offsets, offset_ticks + width_ticks / 2, side="right")
    return slice(int(song.start + start), int(song.start + end))


def chance_weight(
    found: Hits, query: QueryHashes, weight: DoubleArray, width_ticks: int
) -> float:
    """Return the weight at one offset that wrong songs reach by chance; at least `MIN_CHANCE`.

    The same hits are aligned with the query's time reversed: offsets are then song time *plus*
    query time, which no true match keeps constant, while the number of hits, their rarity and
    their clumping all stay. (Decoys of this kind tell chance matches in mass spectrometry: J. E.
    Elias and S. P. Gygi, "Target-decoy search strategy", Nature Methods 4, 2007.) The result is
    a high quantile over the songs other than the heaviest one. A small index has too few other
    songs for that, so its time is also warped in further ways: without, a
    library of three songs gave a name to half of the recordings it did not know.

    ``weight`` is that of each song's best window, in the order of `voting.best_windows`.
    """
    from fpcore.kernels import voting

    if not len(weight):
        return MIN_CHANCE
    others = np.arange(len(weight)) != np.argmax(weight) if len(weight) > 1 else np.array([True])
    n_decoys = min(len(WARPS), -(-MIN_DECOY_SONGS // int(others.sum())))
    tick = query.tick[found.row].astype(np.int64)
    chances = []
    for warp in WARPS[:n_decoys]:
        decoy_ticks = found.offset_ticks + (1 + warp) * tick
        order = np.lexsort((decoy_ticks, found.song_id))
        _, _, decoy = voting.best_windows(
            found.song_id[order], decoy_ticks[order], found.weight[order], width_ticks
        )
        chances.append(decoy[others])
    return max(MIN_CHANCE, float(np.quantile(np.concatenate(chances), CHANCE_QUANTILE)))


def _evidence(
    found: Hits, window: slice, query: QueryHashes, config: FingerprintConfig, chance: float
) -> tuple[int, float, int, int, float, int, float]:
    """Return the columns of `Candidates` for the hits of one window.

    A query hash that meets several postings of its token in the window votes once.
    """
    row, first = np.unique(found.row[window], return_index=True)
    frame = found.frame[window][first].astype(np.int64)
    n_anchors = len(np.unique(frame * config.spectrogram.n_fft + query.anchor_bin[row]))
    ticks_per_block = BLOCK_S / config.hop_s * query.ticks_per_frame
    n_blocks = len(np.unique((query.tick[row] / ticks_per_block).astype(np.int64)))
    idf = float(found.weight[window][first].sum())
    return (
        int(found.song_id[window.start]),
        float(np.average(found.offset_ticks[window], weights=found.weight[window])),
        len(row),
        n_anchors,
        idf,
        n_blocks,
        idf / chance,
    )
