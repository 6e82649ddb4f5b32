"""The folder of segments beside an index: which there are, how they are added, merged and removed.

There is no list of the segments: those whose files are in the folder count. A file appears whole,
by a rename, and never changes. So a process that is killed leaves files that are all sound, and at
most a part that the next one discards. Who uses a segment that is removed goes on with what is
mapped. A lock keeps two processes from doing the same work; where it does not hold, they do it
twice, and nothing is wrong.
"""

from __future__ import annotations

import logging
import os
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fpcore import atomic
from fpcore.config import FingerprintConfig
from fpcore.errors import StoreBusyError
from fpcore.store import segment_writing
from fpcore.store.segment import DamagedSegmentError, Segment
from fpcore.store.segment_view import InUse
from fpcore.store.segment_writing import Content
from fpcore.store.snapshot import Signature, signature_of

logger = logging.getLogger(__name__)

SUFFIX = ".segment"
TIER_SEGMENTS = 2
"""So many segments of a tier become one; one tier has twice the postings of the one below.

More would be written less often, and a look-up would have to ask more of them.
"""

_WRITING, _MERGING = "writing", "merging"
"""Files of locks."""
_YOUNG_NS = 100_000_000  # within the steps of a file system's clock, a second change may be hidden


def path_of(database: Path) -> Path:
    """Return the folder of an index: beside the file itself, as SQLite's logs are.

    So all who open the index find it, by a symbolic link or not.
    """
    file = Path(os.path.realpath(database))
    return file.with_name(f"{file.name}.segments")


def discard(database: Path) -> None:
    """Remove the segments of an index, and nothing else that somebody may have put there."""
    folder = path_of(database)
    for file in [*folder.glob(f"*{SUFFIX}"), *atomic.parts_in(folder)]:
        file.unlink(missing_ok=True)
    for lock in (_WRITING, _MERGING):
        (folder / lock).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


class SegmentFolder:
    """The segments of one index, opened as they appear. May be used by any number of threads."""

    def __init__(self, database: Path, config: FingerprintConfig) -> None:
        self.path = path_of(database).absolute()
        self._config = config
        self._stamp: int | None = None
        self._opened: tuple[Segment, ...] = ()
        self._refused: dict[Path, DamagedSegmentError] = {}
        self._told: set[tuple[Path, Signature | None]] = set()

    def look(self) -> tuple[Segment, ...]:
        """Return the segments that are there now; the same tuple while nothing changes."""
        try:
            stamp = self.path.stat().st_mtime_ns
        except OSError:
            self._stamp, self._opened = None, ()
            return self._opened
        current = all(segment.is_current() for segment in self._opened)
        if stamp != self._stamp or not current:
            self._stamp = stamp if time.time_ns() - stamp > _YOUNG_NS else None
            self._list()
        return self._opened

    def _list(self) -> None:
        by_path = {one.path: one for one in self._opened if one.is_current()}
        found = [by_path.get(path) or self._open(path) for path in self._files()]
        opened = tuple(segment for segment in found if segment is not None)
        if opened != self._opened:
            self._opened = opened

    def _files(self) -> list[Path]:
        return sorted(self.path.glob(f"*{SUFFIX}"))

    def _open(self, path: Path) -> Segment | None:
        """Return a segment, None when it is gone or refused."""
        try:
            if path in self._refused and self._refused[path].signature == _signature_at(path):
                return None
            self._refused.pop(path, None)
            segment = Segment.open(path)
        except FileNotFoundError:
            return None
        except DamagedSegmentError as error:
            self.refuse(error)
            return None
        if segment.digest != self._config.digest:
            reason = "is of an index with another configuration"
            self.refuse(DamagedSegmentError(path, segment.signature, reason))
            return None
        return segment

    def refuse(self, error: DamagedSegmentError) -> None:
        """Do without a segment from now on, as long as its file is the same."""
        if error.path is None:
            raise error
        self._refused[error.path] = error
        self._opened = tuple(one for one in self._opened if one.path != error.path)

    def tell_refusals(self) -> None:
        """Log each file that is not used, once."""
        for path, error in list(self._refused.items()):
            if (path, error.signature) not in self._told:
                self._told.add((path, error.signature))
                logger.warning("%s", _told(error))

    def refusals(self) -> list[str]:
        """Return a sentence for each file that is there and is not used."""
        self.look()
        return [_told(error) for path, error in self._refused.items() if path.exists()]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let one process at a time write segments of new songs; `StoreBusyError` to others."""
        with self._alone(_WRITING):
            yield

    @contextmanager
    def merging(self) -> Iterator[None]:
        """Let one process at a time merge; raises `StoreBusyError` when another is at it.

        New segments may be written meanwhile, for a merge may take long.
        """
        with self._alone(_MERGING):
            with suppress(StoreBusyError), self._alone(_WRITING):
                atomic.discard_parts(self.path)  # killed processes left them: nobody else writes
            yield

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        self.path.mkdir(exist_ok=True)
        descriptor = os.open(self.path / name, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _locked(descriptor):
                raise StoreBusyError(
                    f"{self.path} is being written to by another program: wait until that is done"
                )
            yield
        finally:
            _unlock(descriptor)
            os.close(descriptor)

    def write(self, content: Content, *, durable: bool) -> Segment:
        """Write a segment and return it opened; ``durable`` as in `fpcore.atomic`.

        Raises
        ------
        OSError
            When it cannot be written; nothing of it is left.
        DamagedSegmentError
            When one that it is merged of is damaged.
        """
        ids = content.song_id
        checksum = zlib.crc32(content.song_key.tobytes())
        path = self.path / f"{ids[0]:010d}-{ids[-1]:010d}-{checksum:08x}{SUFFIX}"
        with atomic.opened(path, durable=durable) as file:
            segment_writing.write(file, content, self._config)
        return Segment.open(path)

    def discard(self, segments: Iterable[Segment]) -> None:
        """Remove segments that others stand for, and files that are refused."""
        for path in [*(one.path for one in segments), *self._refused]:
            if path is not None:
                path.unlink(missing_ok=True)
                self._refused.pop(path, None)

    def merge(self, chosen: Sequence[InUse]) -> None:
        """Put one segment in the place of some, without the songs in them that do not count.

        Raises
        ------
        OSError
            When it cannot be written; then nothing has changed.
        DamagedSegmentError
            When one of them is damaged.
        """
        new = self.write(segment_writing.merged(chosen, self._config), durable=True)
        self.discard(segment for segment, _ in chosen if segment.path != new.path)

    def close(self) -> None:
        """Let go of all files."""
        self._stamp, self._opened = None, ()


def _locked(descriptor: int) -> bool:
    """Take a lock, unless another has it."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlock(descriptor: int) -> None:
    """Give a lock back, for copies of the descriptor in forked children too."""
    import fcntl

    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _signature_at(path: Path) -> Signature:
    return signature_of(path.stat())


def _told(error: DamagedSegmentError) -> str:
    return f"{error}: it is not used, and is made anew from the database"


def mergeable(in_use: Sequence[InUse]) -> list[InUse]:
    """Return segments that should become one: enough of one tier, or one that is half empty."""
    tiers: dict[int, list[InUse]] = {}
    for one in sorted(in_use, key=lambda one: one[0].n_postings):
        segment, live = one
        if 2 * live.sum() < len(live):
            return [one]
        tiers.setdefault(_tier(segment), []).append(one)
    return next((tier for tier in tiers.values() if len(tier) >= TIER_SEGMENTS), [])


def _tier(segment: Segment) -> int:
    return (segment.n_postings >> _SMALLEST_BITS).bit_length()


_SMALLEST_BITS = 17
"""Segments of fewer postings than 2 to the power of this are all of one tier."""
