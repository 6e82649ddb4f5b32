"""Songs made ready to be written: everything that can be done before the lock is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
    token_lists: list[str]
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
        order = np.lexsort((frame, number, token))
        token, number, frame = token[order], number[order], frame[order]
        distinct = np.ones(len(order), dtype=bool)
        distinct[1:] = (np.diff(token) != 0) | (np.diff(number) != 0) | (np.diff(frame) != 0)
        token, number, frame = token[distinct], number[distinct], frame[distinct]
        token_lists, checksums = [], []
        for song, (_, _, peaks) in enumerate(entries):
            its_token, its_frame = token[number == song], frame[number == song]
            first = np.flatnonzero(np.diff(its_token, prepend=-1))
            token_lists.append(encode_tokens(its_token[first]))
            checksums.append(fingerprint_checksum(its_token, its_frame, peaks))
        return cls(
            songs=[song for song, _, _ in entries],
            token=token,
            number=number,
            frame=frame,
            n_fingerprints=np.bincount(number, minlength=len(entries)).tolist(),
            token_lists=token_lists,
            constellations=[encode_constellation(peaks) for _, _, peaks in entries],
            fingerprint_checksums=checksums,
        )

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


def _check_range(name: str, values: NDArray[Any], limit: int) -> None:
    if len(values) and not (values.min() >= 0 and values.max() < limit):
        raise ValueError(
            f"every {name} must lie in [0, {limit}), got {values.min()} to {values.max()}: "
            "was it made with another configuration?"
        )
