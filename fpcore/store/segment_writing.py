"""Writing of segments: from sorted postings, part after part, and from segments that are merged."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fpcore.config import FingerprintConfig
from fpcore.records import LongArray
from fpcore.store.segment import COLUMNS, PAGE_BYTES, SUMMED, Segment, header_of

if TYPE_CHECKING:
    from fpcore.kernels.records import Widths

BUCKET_POSTINGS = 16
"""A bucket of tokens has about so many: fewer take more room, more take longer to search."""

PART_POSTINGS = 1 << 18
"""Postings that are merged at a time: as many as stay in a processor's cache."""

_RECORD_BITS = 62
_WORD_BITS = 64
_NARROW = (1 << 32) - 1

Columns: TypeAlias = tuple[LongArray, LongArray, LongArray]
"""Tokens, numbers of songs and frames of postings, each int64 (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a segment is made of.

    ``song_id`` and ``song_key`` int64 (s,) are its songs by ascending id. ``parts`` give all of
    their postings, sorted by token, number of the song and frame. There are at most ``n_postings``,
    of which no frame takes more than ``frame_bits``.
    """

    song_id: LongArray
    song_key: LongArray
    parts: Iterable[Columns]
    n_postings: int
    frame_bits: int


def content_of(songs: Sequence[tuple[int, int, LongArray, LongArray]]) -> Content:
    """Return the content of a segment of songs, given by id, key, tokens and frames."""
    songs = sorted(songs, key=lambda song: song[0])
    lengths = [len(token) for _, _, token, _ in songs]
    token = np.concatenate([np.empty(0, np.int64), *(song[2] for song in songs)])
    frame = np.concatenate([np.empty(0, np.int64), *(song[3] for song in songs)])
    number = np.repeat(np.arange(len(songs), dtype=np.int64), lengths)
    return Content(
        np.array([song[0] for song in songs], np.int64),
        np.array([song[1] for song in songs], np.int64),
        [_sorted(token, number, frame)],
        len(token),
        int(frame.max(initial=1)).bit_length(),
    )


def merged(
    segments: Sequence[tuple[Segment, NDArray[np.bool_]]], config: FingerprintConfig
) -> Content:
    """Return the content of one segment in the place of several.

    Parameters
    ----------
    segments : sequence of Segment and bool (s,)
        What is merged, and which of its songs are taken over. No song may be taken twice.
    config : FingerprintConfig
        The configuration of the index.

    Returns
    -------
    Content
        Its parts are read from the segments as they are asked for.

    Raises
    ------
    DamagedSegmentError
        When one of them is not what was written.
    """
    for segment, _ in segments:
        segment.verify()
    ids = np.concatenate([segment.song_id[live] for segment, live in segments])
    keys = np.concatenate([segment.song_key[live] for segment, live in segments])
    order = np.argsort(ids)
    ids, keys = ids[order], keys[order]
    numbers = [
        np.where(live, np.searchsorted(ids, segment.song_id), -1) for segment, live in segments
    ]
    return Content(
        ids,
        keys,
        _merged_parts([segment for segment, _ in segments], numbers, config),
        sum(segment.n_postings for segment, _ in segments),
        max(segment.widths[2] for segment, _ in segments),
    )


def _merged_parts(
    segments: Sequence[Segment], numbers: Sequence[LongArray], config: FingerprintConfig
) -> Iterator[Columns]:
    from fpcore.kernels import merging, records

    cuts = _cuts(segments, config)
    for first, end in pairwise(cuts):
        found: list[Columns] = []
        for segment, number in zip(segments, numbers, strict=True):
            start, shift = segment.columns["start"], segment.widths[0]
            last = min(-(-end >> shift) if end else 0, len(start) - 1)
            with segment.kept():
                found.append(
                    records.unpack(
                        start,
                        min(first >> shift, last),
                        last,
                        segment.columns["packed"],
                        records.Widths(*segment.widths),
                        number,
                    )
                )
        fewest_first = sorted(found, key=lambda columns: len(columns[0]))
        yield reduce(merging.merged, fewest_first)


def _cuts(segments: Sequence[Segment], config: FingerprintConfig) -> list[int]:
    """Return tokens at which to cut, so that no bucket is cut and no part is very large."""
    largest = max(segments, key=lambda segment: segment.n_postings)
    step = 1 << max(segment.widths[0] for segment in segments)
    total = sum(segment.n_postings for segment in segments)
    share = max(PART_POSTINGS * largest.n_postings // max(total, 1), 1)
    wanted = np.arange(share, largest.n_postings, share)
    with largest.kept():
        buckets = np.searchsorted(largest.columns["start"], wanted).astype(np.int64)
    inner = (buckets << largest.widths[0]) // step * step
    end = -(-config.n_tokens // step) * step
    return [0, *np.unique(inner[(inner > 0) & (inner < end)]).tolist(), end]


def _sorted(token: LongArray, song: LongArray, frame: LongArray) -> Columns:
    """Return postings sorted by token, number of the song and frame."""
    song_bits, frame_bits = (int(column.max(initial=0)).bit_length() for column in (song, frame))
    if int(token.max(initial=0)).bit_length() + song_bits + frame_bits > _RECORD_BITS:
        order = np.lexsort((frame, song, token))
        return token[order], song[order], frame[order]
    key = np.sort((((token << song_bits) | song) << frame_bits) | frame)
    rest = key >> frame_bits
    return rest >> song_bits, rest & ((1 << song_bits) - 1), key & ((1 << frame_bits) - 1)


def write(file: BinaryIO, content: Content, config: FingerprintConfig) -> None:
    """Write a segment into an empty file.

    Parameters
    ----------
    file : BinaryIO
        Open for writing, and for going back to its begin.
    content : Content
        What it is made of.
    config : FingerprintConfig
        The configuration of the index.
    """
    writer = _Writer(file, content, config)
    for part in content.parts:
        writer.add(*part)
    writer.finish()


class _Writer:
    """Writes records as they come, then the other columns, then the header over its room."""

    def __init__(self, file: BinaryIO, content: Content, config: FingerprintConfig) -> None:
        self._file, self._content, self._config = file, content, config
        self._widths = _widths(content, config)
        self._count = np.zeros((config.n_tokens - 1 >> self._widths.shift) + 1, np.int64)
        self._n_records = 0
        self._words = np.zeros(0, np.uint64)  # not written yet: they do not fill a page
        self._sums: list[NDArray[np.uint64]] = []
        self._columns: dict[str, dict[str, Any]] = {}
        file.write(bytes(PAGE_BYTES))

    def add(self, token: LongArray, song: LongArray, frame: LongArray) -> None:
        """Write postings that come after those before."""
        from fpcore.kernels import records

        if not len(token):
            return
        bucket = token >> self._widths.shift
        counts = np.bincount(bucket - bucket[0])
        self._count[bucket[0] : bucket[0] + len(counts)] += counts
        width = sum(self._widths)
        first_bit = self._n_records * width - self._n_written * _WORD_BITS
        end_bit = first_bit + len(token) * width
        words = np.zeros(-(-end_bit // _WORD_BITS), np.uint64)
        words[: len(self._words)] = self._words
        records.pack(token, song, frame, self._widths, first_bit, words)
        self._n_records += len(token)
        n_full = end_bit // _WORD_BITS  # the last word may go on with the next record
        self._write_pages(words, n_full // records.PAGE_WORDS * records.PAGE_WORDS)

    @property
    def _n_written(self) -> int:
        """Words that are written."""
        from fpcore.kernels.records import PAGE_WORDS

        return PAGE_WORDS * sum(map(len, self._sums))

    def _write_pages(self, words: NDArray[np.uint64], n_words: int) -> None:
        from fpcore.kernels import records

        self._sums.append(records.page_sums(words[:n_words]))
        self._file.write(words[:n_words].tobytes())
        self._words = words[n_words:]

    def finish(self) -> None:
        """Write what is left, and the header."""
        from fpcore.kernels import records

        last = _filled(self._words, 0)
        self._write_pages(last, len(last))
        sums = {"packed": np.concatenate(self._sums)}
        self._columns["packed"] = _stated("<u8", PAGE_BYTES, len(sums["packed"]) * PAGE_BYTES)
        start = np.concatenate([[0], np.cumsum(self._count)])
        start = _filled(start.astype("<u4" if self._n_records <= _NARROW else "<u8"), start[-1])
        sums["start"] = records.page_sums(start.view(np.uint64))
        rest = {
            "start": start,
            "song_id": self._content.song_id,
            "song_key": self._content.song_key,
            **{SUMMED[name]: sums[name] for name in SUMMED},
        }
        for name in COLUMNS[1:]:
            self._write_column(name, rest[name])
        header = {
            "digest": self._config.digest,
            "n_postings": self._n_records,
            "widths": list(self._widths),
            "columns": self._columns,
        }
        self._file.seek(0)
        self._file.write(header_of(header))

    def _write_column(self, name: str, column: NDArray[Any]) -> None:
        octets = column.tobytes()
        stated = _stated(column.dtype.str, self._file.tell(), len(octets))
        self._columns[name] = {**stated, "crc32": zlib.crc32(octets)}
        self._file.write(octets)


def _stated(dtype: str, offset: int, n_bytes: int) -> dict[str, Any]:
    return {"dtype": dtype, "offset": offset, "n_bytes": n_bytes}


def _filled(values: NDArray[Any], filling: Any) -> NDArray[Any]:
    """Return values with as many of a filling that they take whole pages."""
    n_lacking = -values.nbytes % PAGE_BYTES // values.itemsize
    return np.concatenate([values, np.full(n_lacking, filling, values.dtype)])


def _widths(content: Content, config: FingerprintConfig) -> Widths:
    """Return the bits of a record: as few as there can be, with buckets of a good size."""
    from fpcore.kernels.records import Widths

    song_bits = max(len(content.song_id) - 1, 0).bit_length()
    token_bits = (config.n_tokens - 1).bit_length()
    shift = token_bits - (content.n_postings // BUCKET_POSTINGS).bit_length()
    most = _RECORD_BITS - song_bits - content.frame_bits
    return Widths(min(max(shift, 0), most), song_bits, content.frame_bits)
