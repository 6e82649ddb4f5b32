"""Parts of a file that are decoded one after the other, each as a file of its own.

These are the links of a chained Ogg file, which may differ in codec, sample rate and channels,
WAV, AU and AMR files that were joined, and AC-3 files that were joined with tags between. Tags
after AMR are left out, and those within AC-3: FFmpeg takes them for damaged frames. A WAV whose
size is smaller than its sound is one part with the size set right: sizes of four bytes wrap around
at 4 GiB, and recorders that are switched off leave an old one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from fpcore.audio.au import HEADER_BYTES, PATTERN, AuHeader, au_header
from fpcore.audio.chunks import SampleChunk, find_samples
from fpcore.audio.decoding import SeekableReader
from fpcore.audio.frames import ROW_BYTES, begins_with_frames, ends_inside_frame
from fpcore.audio.tags import TAG, skip_tag, tag_span

SLACK_BYTES = 4096
"""What may follow the samples without being missed or taken for sound: some programs count their
own header, or leave a buffer behind that was never written."""

_LARGEST_SIZE = 2**32 - 1
_PAGE_HEADER_BYTES = 27
_BEGINS_STREAM = 2
_SEARCH_BYTES = 65_536
_FIRST_SEARCH_BYTES = 1024
_MOST_PARTS = 10_000
"""A file can be made of far more that hold next to nothing; the last takes what is left."""
_AC3 = b"\x0bw"
_AMR = re.compile(rb"#!AMR")
_OGG = re.compile(rb"OggS")
_TAGS = (b"ID3", b"TAG", b"APETAGEX")


class Understatement(NamedTuple):
    """A file with more sound than its header states, both in seconds."""

    stated_s: float
    present_s: float


class Part(NamedTuple):
    """A part of a file.

    ``has_all_pages`` says of an Ogg file that no page is missing between the first and the last.
    """

    file: SeekableReader
    has_all_pages: bool = False


class Parts(NamedTuple):
    """All parts of a file, at least one, and how much less than all of them its header states."""

    parts: tuple[Part, ...]
    understatement: Understatement | None = None


class FilePart:
    """Bytes ``start`` to ``stop`` of a file as a file, with ``patches`` at positions in it."""

    def __init__(
        self,
        file: SeekableReader,
        start: int,
        stop: int,
        patches: Mapping[int, bytes] | None = None,
    ) -> None:
        self._file = file
        self._start = start
        self._length = stop - start
        self._patches = patches or {}
        self._position = 0

    def read(self, n_bytes: int = -1, /) -> bytes:
        """Return up to ``n_bytes``; all that are left when it is negative."""
        n_left = max(0, self._length - self._position)
        self._file.seek(self._start + self._position)
        content = self._file.read(n_left if n_bytes < 0 else min(n_bytes, n_left))
        begin = self._position
        self._position += len(content)
        for position, patch in self._patches.items():
            if position < self._position and begin < position + len(patch):
                content = _patched(content, position - begin, patch)
        return content

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to ``offset`` and return the position, or -1 when it would be before the start."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        if base + offset < 0:
            return -1
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position


def _patched(content: bytes, at: int, patch: bytes) -> bytes:
    """Return ``content`` with as much of ``patch`` as falls into it, beginning at ``at``."""
    first, last = max(0, at), min(len(content), at + len(patch))
    return content[:first] + patch[first - at : last - at] + content[last:]


def parts_of(file: SeekableReader) -> Parts:
    """Return the parts of ``file``: most have one, the file itself.

    Parameters
    ----------
    file : binary file object
        Seekable. Its page or chunk headers are read, wherever they are.

    Returns
    -------
    Parts
        In their order in the file.
    """
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head.startswith(b"OggS"):
        return Parts(tuple(_links(file, n_bytes)))
    if _is_wav(head):
        return _wavs(file, n_bytes)
    if head.startswith(b".snd"):
        return _aus(file, n_bytes)
    if _AMR.match(head):
        return Parts(tuple(_amrs(file, n_bytes)))
    if _ac3_at(file, skip_tag(file)):
        return Parts(tuple(_ac3s(file, n_bytes)))
    return Parts((Part(file),))


def _is_wav(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


# Ogg


def _links(file: SeekableReader, n_bytes: int) -> Iterator[Part]:
    """Yield the links of an Ogg file, each from the first page of a stream on."""
    start, n_parts = 0, 1
    begins = True
    has_all_pages = True
    expected: dict[bytes, int] = {}
    for position, header in _pages(file, n_bytes):
        begun, begins = begins, bool(header[5] & _BEGINS_STREAM)
        if begins and not begun and n_parts < _MOST_PARTS:
            yield Part(FilePart(file, start, position), has_all_pages)
            n_parts += 1
            start, has_all_pages, expected = position, True, {}
        serial, number = header[14:18], int.from_bytes(header[18:22], "little")
        if number != expected.get(serial, number):
            has_all_pages = False
        expected[serial] = number + 1
    whole = Part(file, has_all_pages)
    yield whole if not start else Part(FilePart(file, start, n_bytes), has_all_pages)


def _pages(file: SeekableReader, n_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield the position and the header of every page, and pass over what is none."""
    position = 0
    while position + _PAGE_HEADER_BYTES <= n_bytes:
        file.seek(position)
        header = file.read(_PAGE_HEADER_BYTES + 255)
        if not header.startswith(b"OggS"):
            found = _next(file, _OGG, position + 1)
            if found is None:
                return
            position = found
            continue
        yield position, header
        segments = header[_PAGE_HEADER_BYTES : _PAGE_HEADER_BYTES + header[26]]
        position += _PAGE_HEADER_BYTES + len(segments) + sum(segments)


def _next(file: SeekableReader, pattern: re.Pattern[bytes], start: int) -> int | None:
    """Return where ``pattern``, of `HEADER_BYTES` at most, stands next, None when it does not."""
    position, n_bytes = start, _FIRST_SEARCH_BYTES
    while True:
        file.seek(position)
        content = file.read(n_bytes)
        found = pattern.search(content)
        if found is not None:
            return position + found.start()
        if len(content) < n_bytes:
            return None
        position += n_bytes - HEADER_BYTES + 1
        n_bytes = min(2 * n_bytes, _SEARCH_BYTES)


# WAV


def _wavs(file: SeekableReader, n_bytes: int) -> Parts:
    """Return the WAV files that ``file`` is made of."""
    parts: list[Part] = []
    start, present_s, stated_s = 0, 0.0, None
    while True:
        rest = FilePart(file, start, n_bytes) if start else file
        samples = find_samples(rest, name=b"data", order="little")
        if samples is None or not samples.is_stated or not samples.bytes_per_s:
            parts.append(Part(rest))
            break
        next_wav, sound_goes_on = _after(rest, samples, n_bytes - start)
        if len(parts) == _MOST_PARTS - 1:
            next_wav = 0
        end = next_wav or n_bytes - start
        size = end - samples.position if sound_goes_on else samples.size
        stated_s = samples.seconds(samples.size) if stated_s is None else stated_s
        present_s += samples.seconds(size) or 0.0
        patches = _sizes(samples, size) if sound_goes_on else {}
        is_all = not start and not next_wav and not patches
        parts.append(Part(file if is_all else FilePart(file, start, start + end, patches)))
        if not next_wav:
            break
        start += next_wav
    is_understated = stated_s is not None and (len(parts) > 1 or sound_goes_on)
    understatement = Understatement(stated_s or 0.0, present_s) if is_understated else None
    return Parts(tuple(parts), understatement)


def _sizes(samples: SampleChunk, size: int) -> dict[int, bytes]:
    """Return the sizes of a WAV and of its samples, by where they stand; the largest if too big."""
    sizes = {4: samples.position + size - 8, samples.position - 4: size}
    return {at: min(n, _LARGEST_SIZE).to_bytes(4, "little") for at, n in sizes.items()}


def _after(file: SeekableReader, samples: SampleChunk, n_bytes: int) -> tuple[int, bool]:
    """Return where another WAV begins (0 for none), and whether the sound goes on after its size.

    After the samples there may be more chunks. What is no chunk and no tag is sound, unless it is
    short or silent.
    """
    position = samples.end
    while n_bytes - position > SLACK_BYTES:
        file.seek(position)
        head = file.read(13)
        if _is_wav(head):
            return position, False
        if _is_wav(head[1:]):  # after the byte that fills up an odd size
            return position + 1, False
        size = int.from_bytes(head[4:8], "little")
        if not _is_name(head[:4]) or position + 8 + size > n_bytes + SLACK_BYTES:
            is_first = position == samples.end
            return 0, is_first and not head.startswith(_TAGS) and _sounds(file, position)
        position += 8 + size + size % 2
    return 0, False


def _is_name(name: bytes) -> bool:
    """Whether four bytes can be the name of a chunk: printable, not all spaces."""
    return all(0x20 <= byte < 0x7F for byte in name) and bool(name.strip())


def _sounds(file: SeekableReader, position: int) -> bool:
    """Whether anything but zeros follows."""
    file.seek(position)
    while content := file.read(_SEARCH_BYTES):
        if any(content):
            return True
    return False


# AU


def _aus(file: SeekableReader, n_bytes: int) -> Parts:
    """Return the AU files that ``file`` is made of.

    Where one states no size, the next begins where its header stands.
    """
    parts: list[Part] = []
    header = _au_at(file, 0)
    stated_s = None if header is None else _au_seconds(header, header.size)
    start, present_s = 0, 0.0
    while header is not None:
        found = _next_au(file, start, header) if len(parts) < _MOST_PARTS - 1 else None
        stop = n_bytes if found is None else found
        parts.append(Part(FilePart(file, start, stop)))
        present_s += _au_seconds(header, stop - start - header.start) or 0.0
        if found is None:
            break
        start, header = found, _au_at(file, found)
    if len(parts) < 2:
        return Parts((Part(file),))
    return Parts(tuple(parts), None if stated_s is None else Understatement(stated_s, present_s))


def _au_at(file: SeekableReader, position: int) -> AuHeader | None:
    file.seek(position)
    return au_header(file.read(HEADER_BYTES))


def _au_seconds(header: AuHeader, n_bytes: int | None) -> float | None:
    return n_bytes / header.bytes_per_s if n_bytes is not None and header.bytes_per_s else None


def _next_au(file: SeekableReader, start: int, header: AuHeader) -> int | None:
    """Return where the AU file begins that follows the one at ``start``, None when none does."""
    if header.size is not None:
        end = start + header.start + header.size
        return end if _au_at(file, end) is not None else None
    return _next(file, PATTERN, start + header.start)


# AMR


def _amrs(file: SeekableReader, n_bytes: int) -> Iterator[Part]:
    """Yield the AMR files that ``file`` is made of."""
    start = 0
    for _ in range(_MOST_PARTS - 1):
        found = _next(file, _AMR, start + 1)
        if found is None:
            break
        yield Part(FilePart(file, start, _without_tags(file, start, found)))
        start = found
    stop = _without_tags(file, start, n_bytes)
    yield Part(file if (start, stop) == (0, n_bytes) else FilePart(file, start, stop))


def _without_tags(file: SeekableReader, start: int, stop: int) -> int:
    """Return where the tags begin that stand at the end of a stream, ``stop`` without any."""
    found = _tags(file, start, stop, lambda _, end: end == stop)
    return next((first for first, _ in found), stop)


# AC-3 and E-AC-3


def _ac3_at(file: SeekableReader, position: int) -> bool:
    file.seek(position)
    return file.read(len(_AC3)) == _AC3


def _ac3s(file: SeekableReader, n_bytes: int) -> Iterator[Part]:
    """Yield the stretches of an AC-3 file that tags divide."""
    start = 0

    def divides(first: int, end: int) -> bool:
        """Whether tags stand between whole frames, and are no part of one."""
        file.seek(end)
        follows = begins_with_frames(file.read(ROW_BYTES), "ac3")
        return follows and not ends_inside_frame(FilePart(file, start, first), "ac3")

    for first, end in islice(_tags(file, skip_tag(file), n_bytes, divides), _MOST_PARTS - 1):
        yield Part(FilePart(file, start, first))
        start = end
    yield Part(FilePart(file, start, n_bytes) if start else file)


# Tags


def _tags(
    file: SeekableReader, start: int, stop: int, is_border: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Yield where tags begin and end after ``start``, those that follow one another as one.

    What looks like tags within sound is passed over: ``is_border`` is asked with both positions.
    """
    least = position = start + 1
    starts: dict[int, int] = {}  # of what may be tags, by their ends
    while (found := _next(file, TAG, position)) is not None and found < stop:
        position = found + 1
        span = tag_span(file, found, stop)
        if span is None or span[0] < least:
            continue
        first, end = span
        while first in starts:  # a tag in APE may be found by its end alone
            first = starts[first]
        while (following := tag_span(file, end, stop)) is not None and following[0] == end:
            end = following[1]
        if is_border(first, end):
            yield first, end
            least = position = end
        starts[end] = first
