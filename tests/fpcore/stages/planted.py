"""Queries and indexes of a few numbers, and songs that are planted in them."""

from __future__ import annotations

import numpy as np

from fpcore.config import QueryConfig
from fpcore.records import Candidates, Postings, QueryHashes
from fpcore.stages import matching

ONE_PLACE = QueryConfig(n_offsets=1)


def query_of(pairs: list[tuple[int, int]], ticks_per_frame: int = 1) -> QueryHashes:
    """Return a query of (token, tick) pairs."""
    token, tick = np.array(pairs, np.int64).reshape(-1, 2).T
    return QueryHashes(token.copy(), tick.astype(np.int32), ticks_per_frame)


def postings_of(rows: list[tuple[int, int, int]]) -> Postings:
    """Return postings of (query row, song, frame)."""
    row, song, frame = np.array(rows, np.int64).reshape(-1, 3).T
    return Postings(row.copy(), song.copy(), frame.astype(np.int32))


def looked_up(query: QueryHashes, entries: list[tuple[int, int, int]]) -> matching.Hits:
    """Return the hits of a query in an index of (token, song, frame)."""
    tokens = np.unique(query.token)
    row_of = {token: row for row, token in enumerate(tokens.tolist())}
    rows = [(row_of[token], song, frame) for token, song, frame in entries if token in row_of]
    return matching.hits(query, tokens, postings_of(rows))


def ranked(
    query: QueryHashes,
    entries: list[tuple[int, int, int]],
    query_config: QueryConfig = ONE_PLACE,
) -> Candidates:
    """Return the candidates of a query in an index of (token, song, frame)."""
    return matching.rank(looked_up(query, entries), query_config)


def planted(n_frames: int = 60) -> tuple[QueryHashes, list[tuple[int, int, int]]]:
    """Return a query that song 4 holds 500 frames in, among songs of chance matches."""
    rng = np.random.default_rng(1)
    pairs = sorted({(int(rng.integers(0, 400)), tick) for tick in range(n_frames)})
    chance = rng.integers([0, 1, 0], [400, 9, 2000], size=(4000, 3)).tolist()
    query = query_of(pairs)
    return query, [*map(tuple, chance), *of_the_match(query)]


def of_the_match(query: QueryHashes, song: int = 4) -> list[tuple[int, int, int]]:
    """Return the postings of every second query hash in a song that it begins 500 frames in."""
    pairs = zip(query.token[::2].tolist(), query.tick[::2].tolist(), strict=True)
    return [(token, song, 500 + tick) for token, tick in pairs]


def wrong_songs(n_songs: int) -> list[tuple[int, int, int]]:
    """Return songs of 2,000 frames whose tokens have nothing to do with the query's."""
    rng = np.random.default_rng(2)
    token = rng.integers(0, 400, (n_songs, 2000))
    return [(int(token[song, frame]), song, frame) for song, frame in np.ndindex(token.shape)]
