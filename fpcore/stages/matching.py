"""Matching: from postings to candidates, by the histogram of offsets.

A *hit* is a posting of a token that the query also has. Its offset, song time minus query
time, is the same for all true hits of a song, while chance hits scatter: the song with most
hits at one offset is the answer (A. Wang, ISMIR 2003, section 2.3). A hit weighs
``1 / log2(2 + n)`` with ``n`` the number of postings of its token, because a hash that is
everywhere says little. A query hash that meets several postings of its token at about one
offset counts once there, for the ranking, the evidence and the chance level alike.

Offsets are in ticks of the query (see `fpcore.records.QueryHashes`). Weights are multiples of
`WEIGHT_STEP`, so their sums do not depend on the order of adding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fpcore.config import QueryConfig
from fpcore.kernels import packed_sort
from fpcore.records import Candidates, DoubleArray, IntArray, LongArray, Postings, QueryHashes

if TYPE_CHECKING:
    from fpcore.kernels.sorting import Keys, NumberedSongs
    from fpcore.kernels.voting import HitSpans, Weighing

WEIGHT_STEP = 2.0**-20
"""Weights are whole multiples of this, so that sums of them are exact and ties are ties."""

WARPS = (1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8, 9)
"""Decoy offsets are song time plus this many times query time; 1 is the query's time reversed."""

MIN_DECOY_SONGS = 100
"""The chance level is taken over at least this many decoys: a song may give several, one for each
warp."""

CHANCE_QUANTILE = 0.95
"""The chance level is this quantile of the decoys' weights."""
MIN_CHANCE_HITS = 2.0
"""The chance level is at least the weight of this many usual hits. In an index of 170 songs it is
always that high; in one of eight songs without this limit, five chance hits passed for a song."""

SPARSE = 8
"""Song ids are sorted when their range is more than this many times as long as the list of them."""


@dataclass(frozen=True, eq=False)
class Hits:
    """Every posting found, with every query hash of its token; sorted by (song, offset).

    Song ``song_ids[i]`` has the hits from ``first[i]`` to before ``first[i + 1]``; ids ascend.
    ``key`` (k,), int32 or int64, holds row and offset of a hit as `fpcore.kernels.sorting` says,
    with ``row_bits``, and ``offset_bits`` for the offset, which is counted from ``lowest_ticks``.
    ``gathered`` (k,) are the same keys, each song's in the order of their tokens: an answer needs
    few songs sorted. ``query`` is what was looked up,
    ``weights`` float64 (m,) the rarity of each of its hashes, and ``usual_weight`` the mean rarity
    of those that the index holds.

    The more songs, the more postings has each token, and the less each hit weighs. Divided by the
    usual weight, evidence means about the same in libraries of any size.

    The sorted keys and the other columns, all (k,), are computed when they are first asked for:
    they take ten times as much memory, and an answer needs them for few songs.
    """

    query: QueryHashes
    weights: DoubleArray
    usual_weight: float
    song_ids: LongArray
    first: LongArray
    gathered: Keys
    lowest_ticks: int
    offset_bits: int
    row_bits: int

    def __len__(self) -> int:
        return len(self.gathered)

    @cached_property
    def key(self) -> Keys:
        """Row and offset, each song's by offset; equal offsets in the order of their tokens."""
        from fpcore.kernels import sorting

        key = self.gathered.copy()
        sorting.sort_songs(key, self.first, self.row_bits, self.offset_bits)
        return key

    @cached_property
    def row(self) -> LongArray:
        """Row of the query's hash, int64."""
        return self._rows(self.key)

    @cached_property
    def song_id(self) -> LongArray:
        """Id of the song, int64."""
        return np.repeat(self.song_ids, np.diff(self.first))

    @cached_property
    def offset_ticks(self) -> LongArray:
        """Song time minus query time, int64."""
        return self._offsets(self.key)

    @cached_property
    def frame(self) -> IntArray:
        """Frame of the posting, int32."""
        ticks = self.offset_ticks + self.query.tick[self.row]
        return (ticks // self.query.ticks_per_frame).astype(np.int32)

    @cached_property
    def weight(self) -> DoubleArray:
        """Rarity of the hash, float64."""
        return self.weights[self.row]

    def of_songs(self, song_ids: LongArray) -> Hits:
        """Return the hits of some songs, int64 (s,), of those that have any."""
        numbers = np.flatnonzero(np.isin(self.song_ids, song_ids))
        starts, ends = self.first[numbers], self.first[numbers + 1]
        parts = [self.gathered[start:end] for start, end in zip(starts, ends, strict=True)]
        gathered = np.concatenate([self.gathered[:0], *parts])
        first = np.concatenate([np.zeros(1, np.int64), np.cumsum(ends - starts)])
        return replace(self, song_ids=self.song_ids[numbers], first=first, gathered=gathered)

    def taken(self, hit: LongArray) -> tuple[LongArray, LongArray, DoubleArray]:
        """Return row int64, offset in ticks int64 and weight float64, (n,), of numbered hits."""
        key = self.key[hit]
        row = self._rows(key)
        return row, self._offsets(key), self.weights[row]

    def rows(self, hits: slice) -> LongArray:
        """Return the rows of the query's hashes, int64 (n,), of a run of hits."""
        return self._rows(self.key[hits])

    def offsets(self, hits: slice) -> LongArray:
        """Return the offsets in ticks, int64 (n,), of a run of hits."""
        return self._offsets(self.key[hits])

    def weighing(self, width_ticks: int) -> Weighing:
        """Return what a window of offsets within ``width_ticks`` holds and weighs."""
        from fpcore.kernels import voting

        return voting.Weighing(self.weights, width_ticks, self.row_bits)

    def _rows(self, key: Keys) -> LongArray:
        return (key & ((1 << self.row_bits) - 1)).astype(np.int64)

    def _offsets(self, key: Keys) -> LongArray:
        return (key >> self.row_bits).astype(np.int64) + self.lowest_ticks


def hits(query: QueryHashes, tokens: LongArray, postings: Postings) -> Hits:
    """Return the hits of a query.

    Parameters
    ----------
    query : QueryHashes
        The m hashes that were looked up.
    tokens : int64 (t,)
        The tokens that were looked up: distinct, ascending, and with every token of the query
        among them.
    postings : Postings
        What the index has of ``tokens``; ``query_row`` points into them.

    Returns
    -------
    Hits
        Sorted by (song, offset); hits of equal offset are in the order of their tokens.

    Raises
    ------
    ValueError
        When query and songs are so long that row and offset do not fit into 63 bits.
    """
    from fpcore.kernels import sorting

    postings = sorted_by_token(postings)
    n_postings = np.bincount(postings.query_row, minlength=len(tokens))
    by_token = packed_sort.stable_order(query.token)
    token_row = np.empty(len(query), np.int64)
    token_row[by_token] = np.searchsorted(tokens, query.token[by_token])  # in order: few misses
    song_ids, song = numbered(postings.song_id)
    lowest, n_bits = _offset_bits(query, postings)
    row_bits = len(query).bit_length()
    of_index = sorting.TokenPostings(song, postings.frame, np.cumsum(n_postings))
    of_query = sorting.TokenHashes(
        by_token - ((query.tick[by_token] + np.int64(lowest)) << row_bits),
        np.cumsum(np.bincount(token_row, minlength=len(tokens))),
    )
    n_hits = sorting.count_hits(of_index, of_query, len(song_ids))
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(n_hits)])
    key = np.empty(int(first[-1]), _key_type(n_bits, row_bits))
    key_of_frame = query.ticks_per_frame << row_bits
    sorting.fill_keys(key, first[:-1].copy(), of_index, of_query, key_of_frame)
    # Tokens that the query does not have may have been looked up too: drop songs without a hit.
    first = np.concatenate([first[:-1][n_hits > 0], first[-1:]])
    weights = rarity(n_postings)[token_row]
    known = n_postings[token_row] > 0
    usual_weight = float(weights[known].mean()) if known.any() else 1.0
    return Hits(
        query, weights, usual_weight, song_ids[n_hits > 0], first, key, lowest, n_bits, row_bits
    )


def rarity(n_postings: LongArray) -> DoubleArray:
    """Return what one hit weighs for each token, float64 (n,), given its number of postings (n,).

    >>> rarity(np.array([0, 2, 14]))
    array([1.  , 0.5 , 0.25])
    """
    weight: DoubleArray = np.rint(1 / np.log2(2.0 + n_postings) / WEIGHT_STEP) * WEIGHT_STEP
    return weight


def sorted_by_token(postings: Postings) -> Postings:
    """Return the postings in the order of the tokens looked up, which is how most already come."""
    row = postings.query_row
    if not np.any(row[1:] < row[:-1]):
        return postings
    order = np.argsort(row, kind="stable")
    return Postings(row[order], postings.song_id[order], postings.frame[order])


def _key_type(n_bits: int, row_bits: int) -> type[np.int32] | type[np.int64]:
    """Return the dtype of keys with so many bits of offset and of row."""
    if n_bits + row_bits > 63:
        raise ValueError(
            f"a query of up to 2^{row_bits} hashes is too long for songs of up to 2^{n_bits} "
            "ticks: ask with shorter parts of the recording"
        )
    return np.int32 if n_bits + row_bits <= 31 else np.int64


def numbered(song_id: LongArray) -> NumberedSongs:
    """Return the distinct ones of song ids int64 (k,), and the number of each id among them."""
    from fpcore.kernels import sorting

    if not len(song_id):
        return sorting.NumberedSongs(song_id, np.empty(0, np.int32))
    lowest = int(song_id.min())
    span = int(song_id.max()) - lowest + 1
    if span > SPARSE * len(song_id):
        song_ids, numbers = np.unique(song_id, return_inverse=True)
        return sorting.NumberedSongs(song_ids, numbers.astype(np.int32))
    # Ids are nearly always a range with few gaps: marking them takes a tenth of sorting them.
    found: NumberedSongs = sorting.numbered(song_id, lowest, span)
    return found


def _offset_bits(query: QueryHashes, postings: Postings) -> tuple[int, int]:
    """Return the lowest offset that a hit may have, and the bits that hold any above it."""
    if not (len(query) and len(postings)):
        return 0, 0
    lowest = int(postings.frame.min()) * query.ticks_per_frame - int(query.tick.max())
    highest = int(postings.frame.max()) * query.ticks_per_frame - int(query.tick.min())
    return lowest, (highest - lowest).bit_length()


def rank(found: Hits, query_config: QueryConfig) -> Candidates:
    """Return the heaviest offsets of the heaviest songs, as many as ``query_config`` asks for.

    Songs of equal weight come in the order of their ids, offsets of equal weight ascending.
    """
    from fpcore.kernels import voting

    width_ticks = query_config.width_ticks(found.query.ticks_per_frame)
    weighing = found.weighing(width_ticks)
    heaviest = _heaviest(found, np.zeros(len(found.query), np.int64), width_ticks)
    chance = chance_weight(found, heaviest, width_ticks)
    songs = np.argsort(-heaviest, kind="stable")[: query_config.n_candidates]
    place = np.argsort(np.argsort(songs))  # of each among the ids of these alone
    found = found.of_songs(found.song_ids[songs])
    windows = voting.top_windows_of_songs(
        found.key, found.first, place, weighing, query_config.n_offsets
    )
    return _evidence(found, windows, chance)


def hits_of_song(found: Hits, song_id: int) -> slice:
    """Return which hits belong to a song, as a slice; empty when it has none."""
    start, end = found.first[np.searchsorted(found.song_ids, [song_id, song_id + 1])]
    return slice(int(start), int(end))


def hits_at_offset(found: Hits, song_id: int, offset_ticks: float, width_ticks: float) -> slice:
    """Return which hits belong to a song and lie around an offset.

    Parameters
    ----------
    found : Hits
        The hits of a query.
    song_id : int
        The song.
    offset_ticks : float
        Middle of the window, in ticks.
    width_ticks : float
        Width of the window in ticks; hits on its edges are inside.

    Returns
    -------
    slice
        Rows of ``found``, by ascending offset.
    """
    song = hits_of_song(found, song_id)
    offsets = found.offsets(song)
    start = np.searchsorted(offsets, offset_ticks - width_ticks / 2)
    end = np.searchsorted(offsets, offset_ticks + width_ticks / 2, side="right")
    return slice(int(song.start + start), int(song.start + end))


def chance_weight(found: Hits, heaviest: DoubleArray, width_ticks: int) -> float:
    """Return the weight at one offset that wrong songs reach by chance.

    The same hits are counted again with the query's time reversed. Offsets are then song time
    *plus* query time, which no true match keeps constant, while the number of hits, their rarity
    and their clumping all stay. (Mass spectrometry estimates chance matches with such decoys: J. E.
    Elias and S. P. Gygi, "Target-decoy search strategy", Nature Methods 4, 2007.) The chance
    weight is a high quantile over the songs other than the heaviest one.

    A small index has too few other songs for that, so time is also warped in further ways.
    Without them, an index of three songs gives a name to most of the recordings that it does not
    know. A single song is judged by its own hits outside its heaviest window, which may be the
    true match.

    Parameters
    ----------
    found : Hits
        The hits of a query.
    heaviest : float64 (s,)
        Weight of the heaviest window of each song, in the order of ``found.song_ids``.
    width_ticks : int
        Width of a window in ticks.

    Returns
    -------
    float
        In the unit of ``found.weights``; at least `MIN_CHANCE_HITS` usual hits.
    """
    least = MIN_CHANCE_HITS * found.usual_weight
    is_single = len(heaviest) == 1
    if is_single:
        found = _without_heaviest(found, width_ticks)
    if not len(found):
        return least
    others = (np.arange(len(heaviest)) != np.argmax(heaviest)) | is_single
    n_decoys = min(len(WARPS), -(-MIN_DECOY_SONGS // int(others.sum())))
    chances = [warped_weights(found, warp, width_ticks)[others] for warp in WARPS[:n_decoys]]
    return max(least, float(np.quantile(np.concatenate(chances), CHANCE_QUANTILE)))


def warped_weights(found: Hits, warp: int, width_ticks: int) -> DoubleArray:
    """Return the weight of each song's heaviest window when the query's time is warped.

    Parameters
    ----------
    found : Hits
        The hits of a query.
    warp : int
        The offset of a hit becomes song time plus this many times query time: -1 is the true one.
    width_ticks : int
        Width of a window in ticks.

    Returns
    -------
    float64 (s,)
        Weights in the order of ``found.song_ids``.

    Raises
    ------
    ValueError
        When the warped offsets do not fit into 63 bits beside the row.
    """
    moved = (1 + warp) * found.query.tick.astype(np.int64)
    return _heaviest(found, moved - moved.min(initial=0), width_ticks)


def _heaviest(found: Hits, moved_ticks: LongArray, width_ticks: int) -> DoubleArray:
    """Return the weight of each song's heaviest window when the hits of each hash are moved."""
    from fpcore.kernels import voting

    highest = int(found.gathered.max(initial=0)) >> found.row_bits
    n_bits = (highest + int(moved_ticks.max(initial=0))).bit_length()
    _key_type(n_bits, found.row_bits)
    weight: DoubleArray = voting.heaviest_windows(
        found.gathered, found.first, found.weighing(width_ticks), moved_ticks, n_bits
    )
    return weight


def _without_heaviest(found: Hits, width_ticks: int) -> Hits:
    """Return the hits in an index of one song, without those in its heaviest window."""
    from fpcore.kernels import voting

    windows = voting.windows(found.key, found.weighing(width_ticks))
    best = int(np.argmax(windows.total))
    key = np.delete(found.key, slice(best, int(windows.end[best])))
    return replace(found, gathered=key, first=np.array([0, len(key)]))


def _evidence(found: Hits, windows: HitSpans, chance: float) -> Candidates:
    """Return the evidence of each of n windows of hits, none of which is empty.

    A query hash that meets several postings of its token in a window votes once.
    """
    n = len(windows.start)
    length = windows.end - windows.start
    window = np.repeat(np.arange(n), length)
    hit = np.arange(len(window)) + np.repeat(windows.start - np.cumsum(length) + length, length)
    row, offset_ticks, weight = found.taken(hit)
    heaviness = np.bincount(window, weight)
    offset = np.bincount(window, weight * offset_ticks)
    _, first = np.unique(window * len(found.query) + row, return_index=True)
    window, weight = window[first], weight[first]
    idf = np.bincount(window, weight).astype(np.float64)
    song = np.searchsorted(found.first, windows.start, side="right") - 1
    return Candidates(
        song_id=found.song_ids[song],
        offset_ticks=offset / heaviness,
        votes=np.bincount(window),
        idf=idf / found.usual_weight,
        chance=np.full(n, chance / found.usual_weight),
    )
