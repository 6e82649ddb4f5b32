"""A segment of an index: the postings of some songs, in the order in which look-ups want them.

A file that is mapped into memory, or the same in memory alone. It begins with a header of
`PAGE_BYTES`: a line of text with what it is, its version, the CRC-32 of the rest of the line, and
as the rest a JSON object; zeros fill it up. Columns follow without gaps, little-endian:

* ``packed`` uint64 (w,): the records, see `fpcore.kernels.records`; zeros fill its last page;
* ``start`` (b + 1,): where the records of each bucket of tokens begin; the number of all fills its
  last page, so that there are more buckets, empty ones;
* ``song_id``, ``song_key`` int64 (s,): the songs, by ascending id, and what tells their contents;
* ``packed_sums``, ``start_sums`` uint64: the sum of each page of the first two.

Header, songs and sums are compared with their checksums when the file is opened, every other page
when it is first touched. So what is damaged gives no answer, and a large file opens at once.
A segment is never changed. A file that another program cuts short is noticed before a look-up, by
its size, and while it is read that program waits (`fpcore.store.lease`); where there are no leases,
the system ends a process that reads what is gone. To read in place of mapping would take a system
call for each page of each look-up.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpcore.errors import StoreError
from fpcore.records import BoolArray, LongArray
from fpcore.store.lease import Lease
from fpcore.store.snapshot import Signature, signature_of

if TYPE_CHECKING:
    from fpcore.kernels.records import Gathered, Pages, Runs

MAGIC = b"fpcore-segment"
VERSION = b"1"
PAGE_BYTES = 4096
SUMMED = {"packed": "packed_sums", "start": "start_sums"}
"""Columns whose pages are compared when they are touched, and where their sums are."""
_CHECKED = ("song_id", "song_key", *SUMMED.values())
COLUMNS = (*SUMMED, *_CHECKED)
"""In the order in which they lie in the file."""
_DTYPES = {"song_id": ("<i8",), "song_key": ("<i8",), "start": ("<u4", "<u8")}


class DamagedSegmentError(StoreError):
    """A segment is not what was written; what it holds must be read from elsewhere.

    ``path`` and ``signature`` are those of its file.
    """

    def __init__(self, path: Path | None, signature: Signature | None, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.signature = signature


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A segment that can be looked up in; its arrays are read-only.

    ``path`` and ``signature`` are None when it is in memory alone. ``widths`` are the bits of a
    record. ``seen`` says of each page of a column whether it was compared with its sum. What
    `SUMMED` names is read while the segment is `kept`; the rest is in memory.
    """

    path: Path | None
    signature: Signature | None
    digest: str
    n_postings: int
    widths: tuple[int, int, int]
    columns: dict[str, NDArray[Any]] = field(repr=False)
    seen: dict[str, BoolArray] = field(repr=False)
    lease: Lease | None = field(default=None, repr=False)

    @classmethod
    def open(cls, path: Path) -> Segment:
        """Map a segment into memory; reads its header, its songs and its sums.

        Raises
        ------
        FileNotFoundError
            When there is none.
        DamagedSegmentError
            When the file cannot be read, or is not a whole segment of this version.
        """
        signature = signature_of(path.stat())
        try:
            with path.open("rb") as file:
                signature = signature_of(os.fstat(file.fileno()))
                lease = Lease.on(file.fileno())
                with _kept(lease, path, signature):
                    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                    return replace(cls.of(mapped, path, signature), lease=lease)
        except FileNotFoundError:
            raise
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
            raise DamagedSegmentError(path, signature, reason) from None
        except ValueError:  # no empty file can be mapped
            raise DamagedSegmentError(path, signature, "is damaged (it is empty)") from None

    @classmethod
    def of(
        cls, octets: bytes | mmap.mmap, path: Path | None = None, signature: Signature | None = None
    ) -> Segment:
        """Return the segment in the content of a file.

        Parameters
        ----------
        octets : bytes or mmap
            The content; it stays in use.
        path : Path, optional
            The file, when it is one.
        signature : tuple of 3 int, optional
            What `signature_of` returns for it.

        Returns
        -------
        Segment
            Its pages are compared as they are touched.

        Raises
        ------
        DamagedSegmentError
            When it is not a whole segment of this version.
        """
        try:
            header = _header(octets[:PAGE_BYTES])
            columns = {name: _column(octets, name, header) for name in COLUMNS}
            shift, song_bits, frame_bits = map(int, header["widths"])
            return cls(
                path,
                signature,
                str(header["digest"]),
                int(header["n_postings"]),
                (shift, song_bits, frame_bits),
                columns,
                {name: np.zeros(len(columns[sums]), np.bool_) for name, sums in SUMMED.items()},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedSegmentError(path, signature, f"is damaged ({error})") from None

    @property
    def song_id(self) -> LongArray:
        """Ids of the songs int64 (s,), ascending."""
        return self.columns["song_id"]

    @property
    def song_key(self) -> LongArray:
        """Keys of the songs int64 (s,)."""
        return self.columns["song_key"]

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return PAGE_BYTES + sum(column.nbytes for column in self.columns.values())

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the file from being cut short while inside, where that can be.

        Raises
        ------
        DamagedSegmentError
            When another program has begun to write to it.
        """
        with _kept(self.lease, self.path, self.signature):
            yield

    def runs(self, tokens: LongArray) -> Runs:
        """Return where the records of tokens int64 (n,) are; ascending ones are found faster.

        Raises
        ------
        DamagedSegmentError
            When a page is not what was written.
        """
        from fpcore.kernels import records

        found: Runs = records.runs(
            tokens,
            self.columns["start"],
            self.n_postings,
            self._pages("start"),
            self._pages("packed"),
            records.Widths(*self.widths),
        )
        if not found.is_sound:
            raise self._damaged()
        return found

    def live_lengths(self, found: Runs, is_live: BoolArray) -> LongArray:
        """Return how many of the records found are of live songs, int64 (n,), for each token.

        ``is_live`` bool (s,) has a row for each song.
        """
        from fpcore.kernels import records

        if is_live.all():
            return found.length
        widths = records.Widths(*self.widths)
        return records.live_lengths(found, self.columns["packed"], widths, is_live)

    def gather(self, found: Runs, is_live: BoolArray, gathered: Gathered) -> None:
        """Write the records found of live songs, as many as `live_lengths` tells.

        Parameters
        ----------
        found : Runs
            What `runs` returned for n tokens.
        is_live : bool (s,)
            Which songs count.
        gathered : Gathered
            Where they go.
        """
        from fpcore.kernels import records

        widths = records.Widths(*self.widths)
        records.gather(found, self.columns["packed"], widths, self.song_id, is_live, gathered)

    def verify(self) -> None:
        """Compare every page with its sum; raises `DamagedSegmentError`."""
        from fpcore.kernels import records

        with self.kept():
            for name in SUMMED:
                pages = self._pages(name)
                if not np.array_equal(records.page_sums(pages.words), pages.sums):
                    raise self._damaged()
                pages.seen[:] = True

    def is_current(self) -> bool:
        """Whether the file is still the one that was mapped; a segment in memory always is."""
        if self.path is None:
            return True
        try:
            return signature_of(self.path.stat()) == self.signature
        except FileNotFoundError:  # merged away: what is mapped stays as it is
            return True

    def _pages(self, name: str) -> Pages:
        from fpcore.kernels.records import Pages

        words = self.columns[name].view(np.uint64)
        return Pages(words, self.columns[SUMMED[name]], self.seen[name])

    def _damaged(self) -> DamagedSegmentError:
        return DamagedSegmentError(self.path, self.signature, "is damaged (a page has changed)")


@contextmanager
def kept(segments: Iterable[Segment]) -> Iterator[None]:
    """Keep the files of segments from being cut short while inside; see `Segment.kept`."""
    with ExitStack() as stack:
        for segment in segments:
            stack.enter_context(segment.kept())
        yield


@contextmanager
def _kept(lease: Lease | None, path: Path | None, signature: Signature | None) -> Iterator[None]:
    if lease is None:
        yield
        return
    if not lease.take():
        raise DamagedSegmentError(path, signature, "is being written to by another program")
    try:
        yield
    finally:
        lease.give_back()


def header_of(content: dict[str, Any]) -> bytes:
    """Return the header that `Segment.open` reads ``content`` from."""
    octets = json.dumps(content, separators=(",", ":")).encode()
    line = b"%s %s %08x %s" % (MAGIC, VERSION, zlib.crc32(octets), octets)
    if len(line) > PAGE_BYTES:
        raise ValueError(f"a header has {len(line)} bytes, more than {PAGE_BYTES}")
    return line.ljust(PAGE_BYTES, b"\0")


def _header(octets: bytes) -> dict[str, Any]:
    """Return the object in a header that is sound and of this version."""
    magic, _, rest = octets.partition(b" ")
    version, _, rest = rest.partition(b" ")
    if (magic, version) != (MAGIC, VERSION) or len(octets) < PAGE_BYTES:
        raise ValueError("it is no segment of this version")
    checksum, _, content = rest.partition(b" ")
    line = content.rstrip(b"\0")
    if checksum != b"%08x" % zlib.crc32(line):
        raise ValueError("its header has changed")
    header: dict[str, Any] = json.loads(line)
    return header


def _column(mapped: bytes | mmap.mmap, name: str, header: dict[str, Any]) -> NDArray[Any]:
    """Return a column as an array: a part of the file, or in memory when all of it is read now."""
    stated = header["columns"][name]
    n_bytes, offset = int(stated["n_bytes"]), int(stated["offset"])
    if stated["dtype"] not in _DTYPES.get(name, ("<u8",)):
        raise ValueError(f"its column {name} has the type {stated['dtype']}")
    if offset + n_bytes > len(mapped):
        raise ValueError(f"it is cut short, to {len(mapped)} bytes")
    octets = np.frombuffer(mapped, np.uint8, n_bytes, offset)
    if name in _CHECKED and zlib.crc32(octets.data) != stated["crc32"]:
        raise ValueError(f"its column {name} has changed")
    values: NDArray[Any] = octets.view(stated["dtype"])
    return values.copy() if name in _CHECKED else values
