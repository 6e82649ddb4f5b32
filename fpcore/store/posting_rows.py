"""Rows of the table ``fingerprints``, looked up by their tokens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

import numpy as np

from fpcore.records import LongArray, Postings
from fpcore.store.codec import chunks

ALL_SONGS = -1
"""A song id that is lower than any."""

_STATEMENT_TOKENS = 8192
"""Tokens of one statement; more are looked up in several."""

# One row holds the whole result as three texts, which NumPy parses: fetching the postings as
# rows takes three times as long and passes the interpreter's lock back and forth at each.
_SELECT = """
SELECT group_concat(query.key), group_concat(f.song_id), group_concat(f.absolute_time)
FROM json_each(?) AS query
CROSS JOIN fingerprints AS f ON f.hash_token = query.value AND f.song_id > ?
"""


def select(
    connection: sqlite3.Connection,
    tokens: LongArray,
    stored_form: Callable[[LongArray], Sequence[int | str]],
    *,
    after: int,
) -> Postings:
    """Return the postings of ``tokens`` int64 (n,) in the songs with higher ids than ``after``."""
    order = np.argsort(tokens, kind="stable")  # neighbours lie on the same pages
    rows, song_ids, frames = [_nothing()], [_nothing()], [_nothing()]
    for part in chunks(len(order), _STATEMENT_TOKENS):
        looked_up = json.dumps(stored_form(tokens[order[part]]))
        found = connection.execute(_SELECT, (looked_up, after)).fetchone()
        if found[0] is not None:
            columns = (np.fromstring(text, dtype=np.int64, sep=",") for text in found)
            for parts, column in zip((rows, song_ids, frames), columns, strict=True):
                parts.append(column)
            rows[-1] += part.start
    return Postings(
        order[np.concatenate(rows)].astype(np.int64),
        np.concatenate(song_ids),
        np.concatenate(frames).astype(np.int32),
    )


def joined(one: Postings, other: Postings) -> Postings:
    """Return the postings of both."""
    return Postings(
        np.concatenate([one.query_row, other.query_row]),
        np.concatenate([one.song_id, other.song_id]),
        np.concatenate([one.frame, other.frame]),
    )


def _nothing() -> LongArray:
    return np.empty(0, dtype=np.int64)
