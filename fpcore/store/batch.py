"""Songs made ready to be written: everything that can be done before the lock is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcore.config import FingerprintConfig
from fpcore.records import IntArray, LongArray
from fpcore.store.base import Entry, NewSong
from fpcore.store.checksums import fingerprint_checksum
from fpcore.store.codec import chunks, encode_constellation, encode_tokens


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Songs with their postings and what is stored beside them.

    ``token``, ``number`` (of the song in the batch) and ``frame`` are the columns of all
    postings, sorted in this order, without repeats. The lists have one item for each song.
    """

    songs: list[NewSong]
    token: LongArray
    number: LongArray
    frame: IntArray
    n_fingerprints: list[int]
    constellations: list[bytes]
    fingerprint_checksums: list[str]

    @classmethod
    def of(cls, entries: list[Entry], config: FingerprintConfig) -> Batch:
        """Sort and check the postings of ``entries``; ValueError when one is out of range."""
        for _, hashes, _ in entries:
            _check_range("token", hashes.token, config.n_tokens)
            _check_range("frame", hashes.frame, np.iinfo(np.int32).max)
        lengths = [len(hashes) for _, hashes, _ in entries]
        number = np.repeat(np.arange(len(entries), dtype=np.int64), lengths)
        token = np.concatenate([np.empty(0, np.int64), *(hashes.token for _, hashes, _ in entries)])
        frame = np.concatenate([np.empty(0, np.int32), *(hashes.frame for _, hashes, _ in entries)])
        columns = _distinct(token, number, frame)
        batch = cls(
            songs=[song for song, _, _ in entries],
            token=columns[0],
            number=columns[1],
            frame=columns[2],
            n_fingerprints=np.bincount(columns[1], minlength=len(entries)).tolist(),
            constellations=[encode_constellation(peaks) for _, _, peaks in entries],
            fingerprint_checksums=[],
        )
        for song, (_, _, peaks) in enumerate(entries):
            checksum = fingerprint_checksum(*batch.of_song(song), peaks)
            batch.fingerprint_checksums.append(checksum)
        return batch

    def of_song(self, number: int) -> tuple[LongArray, IntArray]:
        """Return tokens and frames of the postings of a song, sorted."""
        if len(self.songs) == 1:
            return self.token, self.frame
        is_its = self.number == number
        return self.token[is_its], self.frame[is_its]

    def with_song(self, number: int, song: NewSong) -> Batch:
        """Return the batch with what is known of one of its songs exchanged."""
        return replace(self, songs=[*self.songs[:number], song, *self.songs[number + 1 :]])

    def token_list(self, number: int) -> str:
        """Return the distinct tokens of a song as JSON; see `fpcore.store.codec`."""
        token, _ = self.of_song(number)
        return encode_tokens(token[np.flatnonzero(np.diff(token, prepend=-1))])

    def rows(
        self, song_ids: LongArray, stored_form: Callable[[LongArray], Sequence[int | str]]
    ) -> Iterator[tuple[int | str, int, int]]:
        """Yield (token, song id, frame) of the songs whose ``song_ids`` are not negative.

        They come in the order of packed tokens, that of the primary key, so that a batch
        visits every page once, which is what makes it fast. Texts of ascending packed tokens
        are not quite in order, but near enough.
        """
        song_id = song_ids[self.number]
        new = np.flatnonzero(song_id >= 0)
        for part in chunks(len(new)):
            rows = new[part]
            tokens = stored_form(self.token[rows])
            yield from zip(tokens, song_id[rows].tolist(), self.frame[rows].tolist(), strict=True)


def _distinct(
    token: LongArray, number: LongArray, frame: IntArray
) -> tuple[LongArray, LongArray, IntArray]:
    """Return postings sorted by token, number of the song and frame, each once."""
    order = np.lexsort((frame, number, token))
    token, number, frame = token[order], number[order], frame[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(token) != 0) | (np.diff(number) != 0) | (np.diff(frame) != 0)
    return token[is_first], number[is_first], frame[is_first]


def _check_range(name: str, values: NDArray[Any], limit: int) -> None:
    if len(values) and not (values.min() >= 0 and values.max() < limit):
        raise ValueError(
            f"every {name} must lie in [0, {limit}), got {values.min()} to {values.max()}: "
            "was it made with another configuration?"
        )
