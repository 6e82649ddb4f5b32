"""Chunks of WAV and AIFF files: where the samples are, and what their header states of them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from fpcore.audio.decoding import SeekableReader

_STREAMED_SIZE = 0x7FFF_F000 - 1024
"""Programs that stream a WAV of unknown length write a size of 0x7FFFF000 or more, some less the
bytes of the header."""
_PLACEHOLDERS = frozenset({0, 2_000_000_000})
"""Sizes that others write there."""


class SampleChunk(NamedTuple):
    """The chunk of the samples: where they begin, their stated size, and the bytes of a second.

    ``bytes_per_s`` is 0 where no format came before.
    """

    position: int
    size: int
    bytes_per_s: int

    @property
    def is_stated(self) -> bool:
        """Whether the size is one, and no placeholder."""
        return self.size < _STREAMED_SIZE and self.size not in _PLACEHOLDERS

    @property
    def end(self) -> int:
        """Where the samples end by the stated size."""
        return self.position + self.size

    def seconds(self, n_bytes: int) -> float | None:
        """Return how long ``n_bytes`` of samples last, None where that is not known."""
        return n_bytes / self.bytes_per_s if self.bytes_per_s else None


def find_samples(
    file: SeekableReader, *, name: bytes, order: Literal["little", "big"]
) -> SampleChunk | None:
    """Return the chunk that holds the samples.

    Parameters
    ----------
    file : binary file object
        Seekable; begins with the twelve bytes of a RIFF or FORM header.
    name : bytes
        What the chunk is called.
    order : {"little", "big"}
        Byte order of sizes.

    Returns
    -------
    SampleChunk or None
        None when the file ends before.
    """
    position, bytes_per_s = 12, 0
    while True:
        file.seek(position)
        # The chunk's header and, of a WAV's format, as much as holds the byte rate.
        header = file.read(24)
        if len(header) < 8:
            return None
        size = int.from_bytes(header[4:8], order)
        position += 8
        if header[:4] == b"fmt ":
            bytes_per_s = int.from_bytes(header[16:20], order)
        if header[:4] == name:
            return SampleChunk(position, size, bytes_per_s)
        position += size + size % 2
