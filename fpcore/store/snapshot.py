"""A snapshot of an index: what look-ups read, in one file that is mapped into memory.

The file begins with a header of `HEADER_BYTES`: a line of text with what it is, its version,
the CRC-32 of the rest of the line, and as the rest a JSON object; zeros fill it up. The object
names the configuration (``digest``) and for each column its dtype, rows, place in the file and
CRC-32. Columns are little-endian:

* ``song_id``, ``song_key`` int64 (s,): the songs, by ascending id; see `song_key`;
* ``token`` (t,) ascending and without repeats, ``start`` and ``count`` (t,): where in ``place``
  the postings of a token begin, and how many they are;
* ``place`` (n, 2): the number of the song, which is its row in ``song_id``, and the frame.

Numbers take as few bytes as they need: a posting 4 as long as there are fewer than 65536 songs
and frames, its share of a token included about 5, where SQLite takes 20.

A snapshot is never changed. A new one is written beside it and takes its name; whoever has the
old one mapped goes on with that.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcore.errors import StoreError
from fpcore.records import BoolArray, LongArray, Postings

MAGIC = "fpcore-snapshot"
VERSION = 1
HEADER_BYTES = 4096
COLUMNS = ("song_id", "song_key", "token", "start", "count", "place")

Signature = tuple[int, int, int]
"""Inode, size and time of change of a file, which tell it from another one of its name."""

_REMEDY = "make a new one with `fpcore snapshot`"
_DTYPES = frozenset(("<u2", "<u4", "<u8", "<i8"))


def path_of(database: Path) -> Path:
    """Return where the snapshot of an index lies: beside the file itself, as SQLite's logs do.

    So all who open the index find it, by a symbolic link or not.
    """
    file = Path(os.path.realpath(database))
    return file.with_name(f"{file.name}.snapshot")


def song_key(*identity: object) -> int:
    """Return a number that tells a song from another one that may come to have its id.

    An id is never given twice, but a backup that was put back gives ids again. What the parts of
    ``identity`` are depends on the file that the key is written into: a checksum of the song's
    file, when it was learned as the table has it, and the number or a checksum of its postings.
    The number fits into a signed 64-bit integer.
    """
    text = "\0".join(map(str, identity))
    octets = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(octets, "little", signed=True)


def signature_of(status: os.stat_result) -> Signature:
    """Return what tells a file from one that took its name."""
    return status.st_ino, status.st_size, status.st_mtime_ns


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A snapshot that is open; its arrays are the file, and are read-only."""

    path: Path
    signature: Signature
    digest: str
    built_at: str
    columns: dict[str, NDArray[Any]] = field(repr=False)
    checksums: dict[str, int] = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Snapshot:
        """Map a snapshot into memory; reads no more of it than the header.

        Raises
        ------
        FileNotFoundError
            When there is none.
        StoreError
            When the file cannot be read, is no snapshot, is cut short or of another version.
        """
        try:
            with path.open("rb") as file:
                signature = signature_of(os.fstat(file.fileno()))
                if signature[1] < HEADER_BYTES:
                    raise StoreError(f"{path} is no snapshot of an index, or cut short: {_REMEDY}")
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(f"{path} cannot be read ({error.strerror}): {_REMEDY}") from None
        header = _header(bytes(mapped[:HEADER_BYTES]), path)
        try:
            return cls(
                path,
                signature,
                str(header["digest"]),
                str(header["built_at"]),
                {name: _mapped(mapped, header["columns"][name], path) for name in COLUMNS},
                {name: int(header["columns"][name]["crc32"]) for name in COLUMNS},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"the header of {path} makes no sense ({error!r}): {_REMEDY}"
            ) from None

    @property
    def n_songs(self) -> int:
        """Number of songs, removed ones among them."""
        return len(self.columns["song_id"])

    @property
    def n_postings(self) -> int:
        """Number of postings, those of removed songs among them."""
        return len(self.columns["place"])

    @property
    def last_song_id(self) -> int:
        """The highest id: songs that were learned after the snapshot have higher ones."""
        return int(self.columns["song_id"][-1]) if self.n_songs else 0

    def lookup(self, tokens: LongArray, is_live: BoolArray) -> Postings:
        """Return the postings of ``tokens`` int64 (n,) in the songs that are live, by token.

        ``is_live`` bool (s,) has a row for each song.

        Raises
        ------
        StoreError
            When the file's content makes no sense.
        """
        from fpcore.kernels import gathering

        order = np.argsort(tokens, kind="stable")
        at = gathering.find(self.columns["token"], tokens[order])
        found = np.flatnonzero(at >= 0)
        start = self.columns["start"][at[found]].astype(np.int64)
        count = self.columns["count"][at[found]].astype(np.int64)
        postings = gathering.gather(
            self.columns["place"], start, count, self.columns["song_id"], is_live
        )
        if not postings.is_sound:
            raise StoreError(f"{self.path} is damaged: {_REMEDY}")
        return Postings(order[found][postings.run], postings.song_id, postings.frame)

    def damage(self) -> str | None:
        """Return a sentence when a column is not what was written; reads the whole file."""
        for name, column in self.columns.items():
            if zlib.crc32(column.reshape(-1).view(np.uint8).data) != self.checksums[name]:
                return f"{self.path} is damaged, its column {name} has changed: {_REMEDY}"
        return None


def _header(octets: bytes, path: Path) -> dict[str, Any]:
    """Return the object in a header that is sound and of this version."""
    magic, _, rest = octets.rstrip(b"\0").partition(b" ")
    if magic != MAGIC.encode():
        raise StoreError(f"{path} is no snapshot of an index: {_REMEDY}")
    version, _, rest = rest.partition(b" ")
    if version != b"%d" % VERSION:
        raise StoreError(f"{path} is of another version of fpcore: {_REMEDY}")
    checksum, _, content = rest.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(content):
        raise StoreError(f"the header of {path} is damaged: {_REMEDY}")
    header = json.loads(content)
    if not isinstance(header, dict):
        raise StoreError(f"the header of {path} makes no sense: {_REMEDY}")
    return header


def header_of(content: dict[str, Any]) -> bytes:
    """Return the header that `Snapshot.open` reads ``content`` from."""
    octets = json.dumps(content, separators=(",", ":")).encode()
    line = b"%s %d %08x %s" % (MAGIC.encode(), VERSION, zlib.crc32(octets), octets)
    if len(line) > HEADER_BYTES:
        raise ValueError(f"a header has {len(line)} bytes, more than {HEADER_BYTES}")
    return line.ljust(HEADER_BYTES, b"\0")


def _mapped(mapped: mmap.mmap, stated: dict[str, Any], path: Path) -> NDArray[Any]:
    """Return a column as an array that is a part of the file."""
    shape, offset = tuple(map(int, stated["shape"])), int(stated["offset"])
    if stated["dtype"] not in _DTYPES:
        raise ValueError(stated["dtype"])
    dtype = np.dtype(stated["dtype"])
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if n_bytes == 0:  # nothing of it is in the file, which may end before its place
        return np.empty(shape, dtype)
    if offset + n_bytes > len(mapped):
        raise StoreError(f"{path} is cut short, to {len(mapped)} bytes: {_REMEDY}")
    octets = np.frombuffer(mapped, np.uint8, n_bytes, offset)
    values: NDArray[Any] = octets.view(dtype).reshape(shape)
    return values
