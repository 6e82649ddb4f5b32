"""QueryHashes + Postings -> Candidates: the offset histogram and its best songs.

A *hit* is a posting of a token that the query also has. Its offset, song time minus query
time, is the same for all true hits of a song, while chance hits scatter: the song with most
hits at one offset is the answer (A. Wang, ISMIR 2003, section 2.3). A hit weighs
``1 / log2(2 + n)`` with ``n`` the postings of its token, because a hash that is everywhere
says little. A query hash that meets several postings of its token at about one offset counts
once there, for the ranking, the evidence and the chance level alike.

Offsets are in ticks of the query (see `fpcore.records.QueryHashes`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpcore.config import FingerprintConfig, QueryConfig
from fpcore.records import Candidates, DoubleArray, IntArray, LongArray, Postings, QueryHashes

BLOCK_S = 0.5
"""Evidence that is spread over the query is counted in blocks of this many seconds."""

WEIGHT_STEP = 2.0**-20
"""Weights are whole multiples of this, so that sums of them are exact and ties are ties."""

WARPS = (1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8, 9)
"""Decoy offsets are song time plus this many times query time; 1 is time reversed."""

MIN_DECOY_SONGS = 100
"""As many songs are aligned at decoy offsets, if need be each in several ways."""

CHANCE_QUANTILE = 0.95
MIN_CHANCE = 2 / float(np.log2(3))
"""The chance level is at least this: two hits of tokens that the index holds once. In an index of
170 songs it is always reached; in one of eight, without it, five chance hits passed for a song."""


SPARSE = 8
"""Song ids are sorted when their range is this many times as long as the list of them."""


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
    from fpcore.kernels import sorting

    n_postings = np.bincount(postings.query_row, minlength=len(tokens))
    weight = rarity(n_postings)
    token_row = np.searchsorted(tokens, query.token)
    song_ids, song = _numbered(postings.song_id)
    lowest, n_bits = _offset_bits(query, postings)
    row_bits = len(query).bit_length()
    in_all = _bits_in_all(len(song_ids), n_bits, row_bits)
    ticks = postings.frame.astype(np.int64) * query.ticks_per_frame - lowest
    key = sorting.keys_of_hits(
        token_row,
        query.tick,
        np.concatenate([np.zeros(1, np.int64), np.cumsum(n_postings)]),
        np.argsort(postings.query_row, kind="stable"),
        (song << n_bits) + ticks,
        row_bits,
    )
    key = sorting.sorted_keys(key, row_bits, in_all)
    of_hash = (query.tick, weight[token_row])
    layout = (query.ticks_per_frame, lowest, n_bits, row_bits)
    return Hits(*sorting.hits_of_keys(key, *of_hash, song_ids, *layout))


def rarity(n_postings: LongArray) -> DoubleArray:
    """Return what a hit weighs whose token has so many postings, float64 (n,)."""
    weight: DoubleArray = np.rint(1 / np.log2(2.0 + n_postings) / WEIGHT_STEP) * WEIGHT_STEP
    return weight


def _bits_in_all(n_songs: int, n_bits: int, row_bits: int) -> int:
    """Return how many bits the keys of `fpcore.kernels.sorting` have."""
    in_all = n_songs.bit_length() + n_bits + row_bits
    if in_all > 63:
        raise ValueError(
            f"a query of up to 2^{row_bits} hashes is too long for {n_songs} songs of up to "
            f"2^{n_bits} ticks: ask with shorter parts of the recording"
        )
    return in_all


def _numbered(song_id: LongArray) -> tuple[LongArray, LongArray]:
    """Return the distinct song ids, ascending, and the number of each one given among them."""
    if not len(song_id):
        return song_id, song_id
    lowest = int(song_id.min())
    span = int(song_id.max()) - lowest + 1
    if span > SPARSE * len(song_id):
        song_ids, numbers = np.unique(song_id, return_inverse=True)
        return song_ids, numbers.astype(np.int64)
    # Ids are nearly always a range with few gaps: marking them takes a tenth of sorting them.
    is_there = np.zeros(span, np.bool_)
    is_there[song_id - lowest] = True
    number = np.cumsum(is_there) - 1
    return np.flatnonzero(is_there) + lowest, number[song_id - lowest]


def _offset_bits(query: QueryHashes, postings: Postings) -> tuple[int, int]:
    """Return the lowest offset that a hit may have, and the bits that hold any above it."""
    if not (len(query) and len(postings)):
        return 0, 0
    lowest = int(postings.frame.min()) * query.ticks_per_frame - int(query.tick.max())
    highest = int(postings.frame.max()) * query.ticks_per_frame - int(query.tick.min())
    return lowest, (highest - lowest).bit_length()


def rank(
    found: Hits, query: QueryHashes, config: FingerprintConfig, query_config: QueryConfig
) -> Candidates:
    """Return the heaviest offsets of the heaviest songs, as many as ``query_config`` asks for.

    Songs of equal weight are in the order of their ids, offsets of equal weight ascend.
    """
    from fpcore.kernels import voting

    width_ticks = query_config.width_ticks(query.ticks_per_frame)
    first = _first_of_songs(found)
    columns = (found.song_id, found.offset_ticks, found.row, found.weight)
    ends, weight = voting.windows(*columns, width_ticks, len(query))
    heaviest = np.maximum.reduceat(weight, first) if len(first) else np.empty(0)
    chance = chance_weight(found, query, ends, weight, width_ticks)
    windows = [np.empty((0, 2), np.int64)]
    for song in np.argsort(-heaviest, kind="stable")[: query_config.n_candidates]:
        of_song = hits_of_song(found, int(found.song_id[first[song]]))
        in_song = voting.top_windows(
            ends[of_song] - of_song.start, weight[of_song], query_config.n_offsets
        )
        windows.append(in_song + of_song.start)
    return _evidence(found, np.concatenate(windows), query, config, chance)


def _first_of_songs(found: Hits) -> LongArray:
    """Return the first hit of each song, in the order of their ids."""
    from fpcore.kernels import sorting

    first: LongArray = sorting.first_of_runs(found.song_id)
    return first


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
    found: Hits, query: QueryHashes, ends: LongArray, weight: DoubleArray, width_ticks: int
) -> float:
    """Return the weight at one offset that wrong songs reach by chance; at least `MIN_CHANCE`.

    The same hits are aligned with the query's time reversed: offsets are then song time *plus*
    query time, which no true match keeps constant, while the number of hits, their rarity and
    their clumping all stay. (Decoys of this kind tell chance matches in mass spectrometry: J. E.
    Elias and S. P. Gygi, "Target-decoy search strategy", Nature Methods 4, 2007.) The result is
    a high quantile over the songs other than the heaviest one. A small index has too few other
    songs for that, so time is also warped in further ways: without, an index of three songs
    gives a name to half of the recordings that it does not know. Where there is but one song,
    it is judged by its own hits outside its heaviest window, which may be the true match.

    ``ends`` and ``weight`` are those of `voting.windows` for ``found``.
    """
    first = _first_of_songs(found)
    if len(first) == 1:
        best = int(np.argmax(weight))
        found = _without(found, slice(best, int(ends[best])))
        first, others = _first_of_songs(found), np.ones(1, np.bool_)
    elif len(first):
        others = np.arange(len(first)) != np.argmax(np.maximum.reduceat(weight, first))
    if not len(first):
        return MIN_CHANCE
    of_row = np.zeros(len(query))
    of_row[found.row] = found.weight
    n_decoys = min(len(WARPS), -(-MIN_DECOY_SONGS // int(others.sum())))
    chances = []
    for warp in WARPS[:n_decoys]:
        heaviest = _heaviest_decoys(found, first, query.tick, of_row, 1 + warp, width_ticks)
        chances.append(heaviest[others])
    return max(MIN_CHANCE, float(np.quantile(np.concatenate(chances), CHANCE_QUANTILE)))


def _heaviest_decoys(
    found: Hits,
    first: LongArray,
    tick: IntArray,
    weight: DoubleArray,
    factor: int,
    width_ticks: int,
) -> DoubleArray:
    """Return each song's heaviest window once its hits are moved by ``factor`` × query time.

    ``first`` is the first hit of each song; ``tick`` and ``weight`` are of the query's hashes.
    """
    from fpcore.kernels import sorting, voting

    moves = factor * int(tick.min()), factor * int(tick.max())
    lowest = int(found.offset_ticks.min()) + min(moves)
    n_bits = (int(found.offset_ticks.max()) + max(moves) - lowest).bit_length()
    row_bits = len(tick).bit_length()
    key = sorting.decoy_keys(
        first, found.offset_ticks, found.row, tick, factor, lowest, n_bits, row_bits
    )
    key = sorting.sorted_keys(key, row_bits, _bits_in_all(len(first), n_bits, row_bits))
    heaviest: DoubleArray = voting.heaviest_windows(
        key, weight, width_ticks, n_bits, row_bits, len(first)
    )
    return heaviest


def _without(found: Hits, rows: slice) -> Hits:
    """Return the hits but those in ``rows``."""
    kept = np.delete(np.arange(len(found.row)), rows)
    return Hits(
        found.row[kept],
        found.song_id[kept],
        found.frame[kept],
        found.offset_ticks[kept],
        found.weight[kept],
    )


def _evidence(
    found: Hits, windows: LongArray, query: QueryHashes, config: FingerprintConfig, chance: float
) -> Candidates:
    """Return the evidence of each window (n, 2) of hits, first and past the last.

    A query hash that meets several postings of its token in a window votes once.
    """
    n = len(windows)
    length = windows[:, 1] - windows[:, 0]
    window = np.repeat(np.arange(n, dtype=np.int64), length)
    hit = np.arange(len(window)) + np.repeat(windows[:, 0] - np.cumsum(length) + length, length)
    weight = np.bincount(window, found.weight[hit], minlength=n)
    offset = np.bincount(window, found.weight[hit] * found.offset_ticks[hit], minlength=n)
    _, first = np.unique(window * len(query) + found.row[hit], return_index=True)
    window, hit = window[first], hit[first]
    row = found.row[hit]
    anchor = found.frame[hit].astype(np.int64) * config.spectrogram.n_fft + query.anchor_bin[row]
    ticks_per_block = BLOCK_S / config.hop_s * query.ticks_per_frame
    block = (query.tick[row] / ticks_per_block).astype(np.int64)
    idf = np.bincount(window, found.weight[hit], minlength=n).astype(np.float64)
    return Candidates(
        song_id=found.song_id[windows[:, 0]],
        offset_ticks=offset / weight,
        votes=np.bincount(window, minlength=n),
        anchors=_n_distinct(window, anchor, n),
        idf=idf,
        blocks=_n_distinct(window, block, n),
        contrast=idf / chance,
    )


def _n_distinct(group: LongArray, value: LongArray, n_groups: int) -> LongArray:
    """Return how many distinct values each group has, int64 (n_groups,)."""
    order = np.lexsort((value, group))
    group, value = group[order], value[order]
    is_new = np.ones(len(group), np.bool_)
    is_new[1:] = (group[1:] != group[:-1]) | (value[1:] != value[:-1])
    return np.bincount(group[is_new], minlength=n_groups)
