"""Which songs of an index are looked up in which segments.

Each song is looked up in one segment that holds it with its key, which names its content. Whatever
else segments hold does not count: removed songs, songs of another state of the database, songs that
another segment holds as well. Songs that none holds are *uncovered*.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from fpcore.records import BoolArray, LongArray, Postings
from fpcore.store.segment import Segment, kept

InUse: TypeAlias = tuple[Segment, BoolArray]
"""A segment and which of its songs are looked up in it, bool (s,)."""

_STATE = "SELECT value FROM meta WHERE key = 'songs_state'"
_KEYS = "SELECT group_concat(song_id), group_concat(key) FROM song_keys"
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'songs'"


@dataclass(frozen=True, slots=True, eq=False)
class Songs:
    """The songs of an index by ascending id, with their keys: int64 (s,) each.

    ``last_id`` is the highest id that was ever given: higher ones are of songs learned since.
    """

    song_id: LongArray
    key: LongArray
    last_id: int


def state_of(connection: sqlite3.Connection) -> str:
    """Return a text that is another one whenever the index has other songs."""
    row = connection.execute(_STATE).fetchone()
    return "" if row is None else str(row[0])


def songs_of(connection: sqlite3.Connection) -> Songs:
    """Return the songs of an index."""
    texts = connection.execute(_KEYS).fetchone()
    (last_id,) = connection.execute(_LAST_ID).fetchone()
    if texts[0] is None:
        return Songs(np.empty(0, np.int64), np.empty(0, np.int64), last_id)
    ids, keys = (np.fromstring(text, dtype=np.int64, sep=",") for text in texts)
    order = np.argsort(ids)
    return Songs(ids[order], keys[order], last_id)


class SongsRead:
    """The songs of one index, as they were last read or written by this process.

    To read those of 100,000 songs takes longer than to learn ten, and whoever learns knows them
    already. A state that is rolled back is never seen again, so that what is kept of it does not
    count. May be used by several threads.
    """

    def __init__(self) -> None:
        self._known: tuple[str, Songs] | None = None

    def read(self, connection: sqlite3.Connection) -> Songs:
        """Return the songs of the index in the state that a connection sees."""
        state, known = state_of(connection), self._known
        if known is None or known[0] != state:
            known = self._known = state, songs_of(connection)
        return known[1]

    def added(self, connection: sqlite3.Connection, before: str, keys: Mapping[int, int]) -> None:
        """Note songs that were written, and nothing else, since a state.

        Parameters
        ----------
        connection : sqlite3.Connection
            In the transaction that wrote them.
        before : str
            The state that it saw before.
        keys : mapping of int to int
            The key of each song that was written by its id.
        """
        known = self._known
        if known is None or known[0] != before or min(keys, default=0) <= known[1].last_id:
            return  # ids that were given before are rare: all songs are read then
        ids, of_ids = np.array(sorted(keys.items()), np.int64).T
        songs = Songs(
            np.concatenate([known[1].song_id, ids]),
            np.concatenate([known[1].key, of_ids]),
            int(ids[-1]),
        )
        self._known = state_of(connection), songs


def assigned(songs: Songs, segments: Iterable[Segment]) -> tuple[list[InUse], LongArray]:
    """Return the segments that songs are looked up in, and the ids of those that none covers.

    Parameters
    ----------
    songs : Songs
        The songs of the index.
    segments : iterable of Segment
        What there is; large ones are preferred.

    Returns
    -------
    in_use : list of InUse
        Segments with at least one song, the largest first.
    uncovered : int64 (u,)
        Ascending.
    """
    is_left = np.ones(len(songs.song_id), np.bool_)
    in_use = []
    for segment in sorted(segments, key=lambda one: (-one.n_postings, str(one.path))):
        live, at = _held(songs, segment, is_left)
        is_left[at] = False
        if live.any():
            in_use.append((segment, live))
    return in_use, songs.song_id[is_left]


def of_no_use(songs: Songs, segments: Iterable[Segment], in_use: Sequence[InUse]) -> list[Segment]:
    """Return the segments that are not in use, but for those of songs learned since.

    Parameters
    ----------
    songs : Songs
        Those that the index had when the segments in use were chosen.
    segments : iterable of Segment
        All that are there.
    in_use : sequence of InUse
        Those that look-ups are made in.
    """
    used = {id(segment) for segment, _ in in_use}
    return [
        one for one in segments if id(one) not in used and not (one.song_id > songs.last_id).any()
    ]


def _held(songs: Songs, segment: Segment, is_left: BoolArray) -> tuple[BoolArray, LongArray]:
    """Return which of a segment's songs are wanted of it, and their places among ``songs``."""
    if not len(songs.song_id):
        return np.zeros(len(segment.song_id), np.bool_), np.empty(0, np.int64)
    at = np.minimum(np.searchsorted(songs.song_id, segment.song_id), len(songs.song_id) - 1)
    is_same = (songs.song_id[at] == segment.song_id) & (songs.key[at] == segment.song_key)
    live = is_same & is_left[at]
    return live, at[live]


def lookup(in_use: Sequence[InUse], tokens: LongArray) -> Postings:
    """Return every posting of tokens in the songs that are looked up in some segments.

    Parameters
    ----------
    in_use : sequence of InUse
        The segments, and which of their songs count.
    tokens : int64 (n,)
        In any order.

    Returns
    -------
    Postings
        By ascending token.

    Raises
    ------
    DamagedSegmentError
        When a page of a segment is not what was written.
    """
    from fpcore.kernels.records import Gathered

    order = np.argsort(tokens, kind="stable")
    ascending = tokens[order]
    with kept(segment for segment, _ in in_use):
        found = [(segment, segment.runs(ascending), live) for segment, live in in_use]
        lengths = [segment.live_lengths(runs, live) for segment, runs, live in found]
        length = np.sum(lengths, axis=0) if lengths else np.zeros_like(order)
        ends = np.cumsum(length)
        n = int(ends[-1]) if len(ends) else 0
        gathered = Gathered(np.empty(n, np.int64), np.empty(n, np.int32), ends - length)
        for segment, runs, live in found:
            segment.gather(runs, live, gathered)
    return Postings(np.repeat(order, length), gathered.song_id, gathered.frame)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What look-ups read in one state of an index, while these segments are open."""

    state: str
    opened: Sequence[Segment]
    in_use: Sequence[InUse]

    def is_of(self, state: str, opened: Sequence[Segment]) -> bool:
        """Whether this is still what look-ups must read."""
        return self.state == state and self.opened is opened

    def in_memory(self, least_songs: int) -> list[Segment]:
        """Return the segments that are in memory alone and hold so many songs."""
        found = [segment for segment, _ in self.in_use if segment.path is None]
        return [segment for segment in found if len(segment.song_id) >= least_songs]
