"""What kind of file the first bytes announce, and which decoders read that kind, in order.

FFmpeg decodes Vorbis twice and Opus three times as fast as libsndfile, alike to 1e-6, and reads
the later links of a chained Ogg file; libsndfile is the faster one for WAV. Either refuses some
real files that the other reads, so both have their turn. MPEG audio goes to FFmpeg alone, see
`fpcore.audio.soundfile_decoder.FORMATS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from fpcore.audio import pyav_decoder, soundfile_decoder
from fpcore.audio.decoding import DecodedBlock, SeekableReader
from fpcore.audio.limits import AudioLimits, RefusedError


class Decoder(Protocol):
    """The common form of the decoders."""

    def __call__(
        self, file: SeekableReader, *, limits: AudioLimits, block_frames: int
    ) -> Iterator[DecodedBlock]:
        """Yield the mono blocks of ``file``."""


class Container(NamedTuple):
    """A kind of file: its name for messages (empty when unknown) and its decoders."""

    name: str
    decoders: tuple[Decoder, ...]


_SOUNDFILE_FIRST = (soundfile_decoder.decode, pyav_decoder.decode)
_PYAV_FIRST = (pyav_decoder.decode, soundfile_decoder.decode)
_PYAV_ONLY = (pyav_decoder.decode,)

_MAGIC = (
    (8, b"WAVE", Container("WAV", _SOUNDFILE_FIRST)),
    (0, b"FORM", Container("AIFF", _SOUNDFILE_FIRST)),
    (0, b"caff", Container("CAF", _SOUNDFILE_FIRST)),
    (0, b"fLaC", Container("FLAC", _SOUNDFILE_FIRST)),
    (0, b"OggS", Container("Ogg", _PYAV_FIRST)),
    (0, b"\x1aE\xdf\xa3", Container("WebM", _PYAV_ONLY)),
    (4, b"ftyp", Container("M4A", _PYAV_ONLY)),
)
_MPEG = Container("MP3 or AAC", _PYAV_ONLY)
_UNKNOWN = Container("", _SOUNDFILE_FIRST)

_SYNC = 0xFFE0
"""The eleven set bits that every frame of MPEG audio begins with."""


def identify(file: SeekableReader) -> Container:
    """Return the kind of ``file`` by its first bytes, after an ID3v2 tag where there is one.

    Raises
    ------
    RefusedError
        When there are no bytes.
    """
    file.seek(0)
    head = file.read(12)
    if not head:
        raise RefusedError("is empty")
    tagged = head.startswith(b"ID3")
    if tagged:
        # The tag's length is written in four bytes of seven bits each.
        length = 0
        for byte in head[6:10]:
            length = length << 7 | byte & 0x7F
        file.seek(10 + length)
        head = file.read(12)
    for offset, magic, container in _MAGIC:
        if head.startswith(magic, offset):
            return container
    synchronised = int.from_bytes(head[:2]) & _SYNC == _SYNC
    return _MPEG if tagged or synchronised else _UNKNOWN
