"""Compact forms of what the store keeps for each song besides its postings.

A constellation becomes a blob: a version byte, then, compressed by zlib, the number of peaks
and the columns as byte planes (all lowest bytes first, then the next, …), which leaves the
compressor long runs of zeros. Frames are differences (uint32), bins uint16, levels int16 in
steps of half a decibel; everything little-endian. At the end a bit for each peak says whether it
is paired. A peak takes about three bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcore.errors import StoreError
from fpcore.records import Constellation, IntArray, LongArray

LEVEL_STEP_DB = 0.5
"""Levels are rounded to this step, which is finer than the level of any peak is certain."""

CHUNK_ROWS = 65536
"""Rows turned into Python objects at a time: millions at once would cost gigabytes."""

_VERSION = b"\x02"
_COLUMNS = ("<u4", "<u2", "<i2")

_POSTINGS_VERSION = b"\x01"
_POSTINGS_LEVEL = 1  # of zlib: higher ones take three times as long for 2% of the bytes


def encode_constellation(peaks: Constellation) -> bytes:
    """Return a constellation as a blob; raises `ValueError` as `octets_of` does."""
    return _VERSION + zlib.compress(octets_of(peaks))


def octets_of(peaks: Constellation) -> bytes:
    """Return what is compressed of a constellation; levels are rounded to `LEVEL_STEP_DB`.

    Raises
    ------
    ValueError
        When a frame or bin does not fit (negative, unsorted, bin > 65535) or a level is not
        within ±16383 dB.
    """
    frame_steps = np.diff(peaks.frame.astype(np.int64), prepend=0)
    levels = np.round(peaks.level_db.astype(np.float64) / LEVEL_STEP_DB)
    columns: tuple[NDArray[Any], ...] = (frame_steps, peaks.bin, levels)
    planes = [np.array([len(peaks)], dtype="<u4").tobytes()]
    for column, dtype in zip(columns, _COLUMNS, strict=True):
        limits = np.iinfo(dtype)
        if not np.all((column >= limits.min) & (column <= limits.max)):
            raise ValueError(
                "peaks must be sorted by frame with frames and bins >= 0, bins <= 65535 and "
                "finite levels"
            )
        width = np.dtype(dtype).itemsize
        octets = column.astype(dtype).view(np.uint8).reshape(len(peaks), width)
        planes.append(octets.T.tobytes())
    planes.append(np.packbits(peaks.paired).tobytes())
    return b"".join(planes)


def decode_constellation(blob: bytes) -> Constellation:
    """Return the constellation of a blob; raises `StoreError` when it is damaged."""
    if blob[:1] != _VERSION:
        raise StoreError("a stored constellation is damaged or of a newer version of fpcore")
    try:
        content = zlib.decompress(blob[1:])
        n_peaks = int(np.frombuffer(content, "<u4", count=1)[0])
        columns, start = [], 4
        for dtype in _COLUMNS:
            width = np.dtype(dtype).itemsize
            planes = np.frombuffer(content, np.uint8, count=n_peaks * width, offset=start)
            columns.append(planes.reshape(width, n_peaks).T.copy().view(dtype).reshape(n_peaks))
            start += n_peaks * width
        bits = np.frombuffer(content, np.uint8, count=-(-n_peaks // 8), offset=start)
        paired = np.unpackbits(bits, count=n_peaks).view(np.bool_)
    except (zlib.error, ValueError) as error:
        raise StoreError(f"a stored constellation is damaged: {error}") from None
    frame_steps, bins, levels = columns
    return Constellation(
        np.cumsum(frame_steps.astype(np.int64)).astype(np.int32),
        bins.astype(np.int32),
        levels.astype(np.float32) * np.float32(LEVEL_STEP_DB),
        np.zeros(n_peaks, np.float32),
        paired,
    )


def encode_postings(token: LongArray, frame: IntArray | LongArray) -> bytes:
    """Return the postings of a song as a blob: a version, their number, and columns as planes.

    Parameters
    ----------
    token : int64 (n,)
        Packed tokens, ascending.
    frame : int (n,)
        Their frames, >= 0.

    Returns
    -------
    bytes
        Tokens are differences. Compressed, a posting takes less than four bytes.
    """
    columns = ((np.diff(token, prepend=0), "<u8"), (frame, "<u4"))
    planes = b"".join(_planes(column.astype(dtype)) for column, dtype in columns)
    count = len(token).to_bytes(4, "little")
    return _POSTINGS_VERSION + count + zlib.compress(planes, _POSTINGS_LEVEL)


def _planes(column: NDArray[Any]) -> bytes:
    """Return a column's lowest bytes, then the next ones, and so on."""
    return column.view(np.uint8).reshape(len(column), column.itemsize).T.tobytes()


def decode_postings(blob: bytes) -> tuple[LongArray, LongArray]:
    """Return tokens and frames int64 (n,) of a blob; raises `ValueError` when it is damaged."""
    if blob[:1] != _POSTINGS_VERSION:
        raise ValueError("its postings are damaged or of a newer version of fpcore")
    n = int.from_bytes(blob[1:5], "little")
    try:
        octets = np.frombuffer(zlib.decompress(blob[5:]), np.uint8)
        steps, frames = octets[: 8 * n].reshape(8, n), octets[8 * n :].reshape(4, n)
    except (zlib.error, ValueError) as error:
        raise ValueError(f"its postings are damaged: {error}") from None
    token = np.cumsum(steps.T.copy().view("<u8").reshape(n).astype(np.int64))
    return token, frames.T.copy().view("<u4").reshape(n).astype(np.int64)


def encode_tokens(tokens: LongArray) -> str:
    """Return distinct ascending tokens int64 (n,) as a JSON array: the first, then the differences.

    A running sum over ``json_each`` gives them back in plain SQL.

    >>> encode_tokens(np.array([100, 107, 300]))
    '[100,7,193]'
    """
    steps = np.diff(tokens, prepend=0)
    parts = (",".join(map(str, steps[part].tolist())) for part in chunks(len(steps)))
    return f"[{','.join(parts)}]"


def chunks(n_rows: int, size: int = CHUNK_ROWS) -> Iterator[slice]:
    """Yield slices of at most ``size`` rows that cover ``range(n_rows)`` in order.

    >>> list(chunks(5, size=2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))
