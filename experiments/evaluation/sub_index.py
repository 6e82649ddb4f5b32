"""Small indexes within a large one, for which a decision must hold as well.

The more songs there are to choose from, the more evidence the likeliest wrong one has at random. So
that a profile is right for a library of three songs as well as for one of hundreds, calibration
queries are asked of random parts of the index too. Nothing is copied: a part looks up in the
whole index and leaves out what is of other songs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fpcore.records import Constellation, LongArray, Postings
from fpcore.store import Index

SIZES = (1, 2, 3, 5, 8, 16, 40)
"""Songs that a part may have."""


class Remembered:
    """An `fpcore.store.Index` that looks up the same tokens only once.

    It saves time for a query that is asked of an index and of a part of it. What it remembers
    grows with each new query: make one for each.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._postings: dict[bytes, Postings] = {}

    def lookup(self, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens`` int64 (n,)."""
        key = tokens.tobytes()
        if key not in self._postings:
            self._postings[key] = self._index.lookup(tokens)
        return self._postings[key]

    def constellations(self, song_ids: Sequence[int]) -> Mapping[int, Constellation]:
        """Return the constellation of each song."""
        return self._index.constellations(song_ids)

    def names(self, song_ids: Sequence[int]) -> Mapping[int, str]:
        """Return the name of each song."""
        return self._index.names(song_ids)

    def n_songs(self) -> int:
        """Return how many songs there are."""
        return self._index.n_songs()


class PartOfIndex:
    """An `fpcore.store.Index` of the songs of another one whose ids are in ``song_ids``."""

    def __init__(self, whole: Index, song_ids: Sequence[int]) -> None:
        self._whole = whole
        self.song_ids = np.array(sorted(song_ids), np.int64)

    def lookup(self, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens`` int64 (n,) in these songs."""
        found = self._whole.lookup(tokens)
        ours = np.isin(found.song_id, self.song_ids)
        return Postings(found.query_row[ours], found.song_id[ours], found.frame[ours])

    def constellations(self, song_ids: Sequence[int]) -> Mapping[int, Constellation]:
        """Return the constellation of each song."""
        return self._whole.constellations(song_ids)

    def names(self, song_ids: Sequence[int]) -> Mapping[int, str]:
        """Return the name of each song."""
        return self._whole.names(song_ids)

    def n_songs(self) -> int:
        """Return how many songs there are."""
        return len(self.song_ids)


def random_part(
    whole: Index, song_ids: Sequence[int], *, wanted: int | None, rng: np.random.Generator
) -> PartOfIndex:
    """Return a random part of an index, of one of the `SIZES`, at most half of the whole.

    Parameters
    ----------
    whole : Index
        The index.
    song_ids : sequence of int
        Ids of all its songs.
    wanted : int or None
        Id of a song that the part must hold, if any.
    rng : numpy.random.Generator
        Draws the size and the songs.
    """
    sizes = [size for size in SIZES if 2 * size <= len(song_ids)] or [1]
    size = int(rng.choice(sizes))
    others = [song_id for song_id in rng.permutation(song_ids).tolist() if song_id != wanted]
    if wanted is None:
        return PartOfIndex(whole, others[:size])
    return PartOfIndex(whole, [wanted, *others[: size - 1]])
