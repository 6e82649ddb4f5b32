"""Figures about an SQLite index."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.records import LongArray
from fpcore.stages.hashing import from_text, to_text
from fpcore.store.base import HotToken, StoreStats, TokenStats

_LOOKUP_BYTES = "SELECT sum(pgsize) FROM dbstat WHERE name = 'fingerprints' AND aggregate = TRUE"


def sizes(connection: sqlite3.Connection, lookup_bytes: int | None) -> StoreStats:
    """Return how much the index holds and how much room that takes."""
    n_songs, n_postings, duration_s = connection.execute(
        "SELECT count(*), coalesce(sum(n_fingerprints), 0), total(duration_s) FROM songs"
    ).fetchone()
    page_bytes, n_pages, n_unused = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_size", "page_count", "freelist_count")
    )
    return StoreStats(
        n_songs=n_songs,
        n_postings=n_postings,
        duration_s=duration_s,
        file_bytes=n_pages * page_bytes,
        unused_bytes=n_unused * page_bytes,
        lookup_bytes=lookup_bytes,
    )


def lookup_bytes(connection: sqlite3.Connection) -> int | None:
    """Return the size of the table of postings; needs an SQLite with dbstat."""
    try:
        row = connection.execute(_LOOKUP_BYTES).fetchone()
    except sqlite3.OperationalError as error:
        if "dbstat" in str(error):  # a build of SQLite without it
            return None
        raise
    return int(row[0])


def token_spread(
    connection: sqlite3.Connection, config: FingerprintConfig, *, n_hottest: int
) -> TokenStats:
    """Return the numbers of postings per token, and the commonest tokens.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    config : FingerprintConfig
        The configuration of the index.
    n_hottest : int
        How many of the commonest tokens to list, >= 0.

    Returns
    -------
    TokenStats
        Its hottest tokens are listed commonest first.
    """
    histogram = connection.execute(
        "SELECT n, count(*) FROM "
        "(SELECT count(*) AS n FROM fingerprints GROUP BY hash_token) GROUP BY n ORDER BY n"
    ).fetchall()
    hottest = connection.execute(
        "SELECT hash_token, count(*) AS n FROM fingerprints GROUP BY hash_token "
        "ORDER BY n DESC, hash_token LIMIT ?",
        (n_hottest,),
    ).fetchall()
    columns = np.array(histogram, dtype=np.int64).reshape(-1, 2)
    return TokenStats(
        n_postings=columns[:, 0],
        n_tokens=columns[:, 1],
        hottest=tuple(_hot_token(stored, n, config) for stored, n in hottest),
    )


def spread_of(
    tokens: Iterable[LongArray], config: FingerprintConfig, *, n_hottest: int
) -> TokenStats:
    """Return the numbers of postings per token, and the commonest tokens.

    Parameters
    ----------
    tokens : iterable of int64 (n,)
        The tokens of all postings, ascending, in parts of which no two share a token.
    config : FingerprintConfig
        The configuration of the index.
    n_hottest : int
        How many of the commonest tokens to list, >= 0.

    Returns
    -------
    TokenStats
        Its hottest tokens are listed commonest first.
    """
    histogram: Counter[int] = Counter()
    hottest: list[tuple[int, int]] = []
    for part in tokens:
        distinct, count = np.unique(part, return_counts=True)
        sizes, n_tokens = np.unique(count, return_counts=True)
        histogram.update(dict(zip(sizes.tolist(), n_tokens.tolist(), strict=True)))
        first = np.argsort(-count, kind="stable")[:n_hottest]
        found = zip((-count[first]).tolist(), distinct[first].tolist(), strict=True)
        hottest = sorted([*hottest, *found])[:n_hottest]
    return TokenStats(
        n_postings=np.array(sorted(histogram), np.int64),
        n_tokens=np.array([histogram[n] for n in sorted(histogram)], np.int64),
        hottest=tuple(_hot_token(token, -n, config) for n, token in hottest),
    )


def _hot_token(stored: int | str, n_postings: int, config: FingerprintConfig) -> HotToken:
    """Return both forms of a token that is stored in one of them."""
    if isinstance(stored, str):
        return HotToken(int(from_text([stored], config)[0]), stored, n_postings)
    (text,) = to_text(np.array([stored]), config)
    return HotToken(stored, text, n_postings)
