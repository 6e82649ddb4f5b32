"""Rows of the table ``fingerprints``, looked up by their tokens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from fpcore.records import LongArray, Postings
from fpcore.store.codec import chunks

ALL_SONGS = -1
"""A song id that is lower than any."""

_TOKEN_BITS = 13
_STATEMENT_TOKENS = 2**_TOKEN_BITS
"""Tokens of one statement; more are looked up in several."""

_FRAME_BITS = 31
_SONG_BITS = 63 - _FRAME_BITS - _TOKEN_BITS
"""What 63 bits leave for a song's id beside a frame and the number of a token."""

# One row holds the whole result as text, which NumPy parses: fetching the postings as rows takes
# three times as long and passes the interpreter's lock back and forth at each. A single number
# for each posting takes a fifth less time than three do.
_PACKED = f"""
SELECT group_concat(
  query.key * {2 ** (_FRAME_BITS + _SONG_BITS)} + f.song_id * {2**_FRAME_BITS} + f.absolute_time)
FROM json_each(?) AS query
CROSS JOIN fingerprints AS f
  ON f.hash_token = query.value AND f.song_id > ? AND f.song_id < {2**_SONG_BITS}
"""
_IN_FULL = """
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
    """Return the postings of some tokens in the songs with higher ids than a given one.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    tokens : int64 (n,)
        Packed tokens, in any order.
    stored_form : callable
        Returns packed tokens as they stand in the table: integers or texts.
    after : int
        Songs with higher ids count; `ALL_SONGS` for all of them.

    Returns
    -------
    Postings
        In no particular order; ``query_row`` points into ``tokens``.
    """
    order = np.argsort(tokens, kind="stable")  # neighbours lie on the same pages
    largest_packed = 2**_SONG_BITS - 1
    (last_id,) = connection.execute("SELECT max(id) FROM songs").fetchone()
    rows, song_ids, frames = [_nothing()], [_nothing()], [_nothing()]
    for part in chunks(len(order), _STATEMENT_TOKENS):
        looked_up = json.dumps(stored_form(tokens[order[part]]))
        found = [_packed(connection, looked_up, after)]
        if last_id is not None and last_id > largest_packed:
            found.append(_in_full(connection, looked_up, max(after, largest_packed)))
        for row, song_id, frame in found:
            rows.append(row + part.start)
            song_ids.append(song_id)
            frames.append(frame)
    return Postings(
        order[np.concatenate(rows)].astype(np.int64),
        np.concatenate(song_ids),
        np.concatenate(frames).astype(np.int32),
    )


_Columns: TypeAlias = tuple[LongArray, LongArray, LongArray]
"""Numbers of the tokens in their statement, song ids and frames of postings."""


def _packed(connection: sqlite3.Connection, looked_up: str, after: int) -> _Columns:
    """Return the postings in songs whose ids fit beside a frame and the number of a token."""
    (text,) = connection.execute(_PACKED, (looked_up, after)).fetchone()
    packed = _numbers(text)
    song_id = (packed >> _FRAME_BITS) & (2**_SONG_BITS - 1)
    return packed >> (_FRAME_BITS + _SONG_BITS), song_id, packed & (2**_FRAME_BITS - 1)


def _in_full(connection: sqlite3.Connection, looked_up: str, after: int) -> _Columns:
    """Return the postings in songs with any ids."""
    row, song_id, frame = map(_numbers, connection.execute(_IN_FULL, (looked_up, after)).fetchone())
    return row, song_id, frame


def _numbers(text: str | None) -> LongArray:
    """Return the numbers in a text, separated by commas; None has none."""
    return _nothing() if text is None else np.fromstring(text, dtype=np.int64, sep=",")


def joined(one: Postings, other: Postings) -> Postings:
    """Return the postings of both, those of ``one`` first."""
    return Postings(
        np.concatenate([one.query_row, other.query_row]),
        np.concatenate([one.song_id, other.song_id]),
        np.concatenate([one.frame, other.frame]),
    )


def _nothing() -> LongArray:
    return np.empty(0, dtype=np.int64)
