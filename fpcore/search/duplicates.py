"""Duplicates within an index: songs that are the same recording, in whole or in part.

Each song's own hashes are looked up, as a query's would be, and those that meet another song at one
offset are counted. Another encoding of a recording keeps a quarter of them and more, and so does a
part of it; other music, or another recording of the same piece, keeps next to none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fpcore.config import QueryConfig
from fpcore.errors import UnknownSongError
from fpcore.kernels import packed_sort
from fpcore.records import QueryHashes
from fpcore.stages import hashing, landmarks, matching
from fpcore.store.base import Song, Store

LEAST_SHARE = 0.2
"""The share of the shorter song's hashes that must be found in the other one."""

_ASKED = QueryConfig(n_candidates=20, n_offsets=1)
"""So many songs are looked at for each, the song itself among them."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A song that is ``of`` another one, which was learned before it.

    ``share`` is the part of the shorter one's hashes that both have at one offset, and
    ``offset_s`` where in the other one this song begins.
    """

    song: Song
    of: Song
    share: float
    offset_s: float


def duplicates(store: Store, *, least_share: float = LEAST_SHARE) -> Iterator[Duplicate]:
    """Yield the songs of an index that are another one, by the order in which they were learned.

    Raises
    ------
    ValueError
        When ``least_share`` is not above 0 and at most 1.
    StoreError
        When the index cannot be read.
    """
    if not 0 < least_share <= 1:
        raise ValueError(f"least_share must lie in (0, 1], got {least_share}")
    songs = {song.id: song for song in store.songs()}
    for song in songs.values():
        try:
            asked = _own_hashes(store, song.id)
        except UnknownSongError:
            continue  # it was removed meanwhile
        if not len(asked):
            continue
        tokens = packed_sort.distinct(asked.token)
        found = matching.rank(matching.hits(asked, tokens, store.lookup(tokens)), _ASKED)
        for other_id, votes, ticks in zip(
            found.song_id, found.votes, found.offset_ticks, strict=True
        ):
            other = songs.get(int(other_id))
            if other is None or other.id >= song.id:
                continue
            share = min(1.0, votes / max(1, min(len(asked), other.n_fingerprints)))
            if share >= least_share:
                yield Duplicate(song, other, share, float(ticks) * store.config.hop_s)


def _own_hashes(store: Store, song_id: int) -> QueryHashes:
    """Return the hashes of a song, made from the peaks that are kept of it."""
    peaks = store.constellation(song_id).paired_peaks
    made = hashing.hashes(landmarks.landmarks(peaks, store.config), store.config)
    token, tick = packed_sort.distinct_pairs(made.token, made.frame)
    return QueryHashes(token, tick.astype(np.int32), 1)
