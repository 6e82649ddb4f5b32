"""Kinds of files that their first bytes announce, and which decoders read each kind, in order.

FFmpeg decodes Vorbis twice and Opus three times as fast as libsndfile; their samples are equal
to 1e-6 and to some -75 dB. It reads the later links of a chained Ogg file and keeps time where
pages count fewer samples than they hold; libsndfile drops samples there. For WAV libsndfile is
the faster one. Either refuses some real files that the other reads, so both have their turn.
MPEG audio goes to FFmpeg alone, see `fpcore.audio.soundfile_decoder.FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from fpcore.audio import soundfile_decoder
from fpcore.audio.decoding import DecodedBlock, DecoderError, SeekableReader
from fpcore.audio.limits import AudioLimits, AudioRefusedError
from fpcore.audio.tags import skip_tag


class Decoder(Protocol):
    """The common form of the decoders."""

    def __call__(
        self,
        file: SeekableReader,
        *,
        limits: AudioLimits,
        block_frames: int,
        on_packet: Callable[[], None] = lambda: None,
    ) -> Iterator[DecodedBlock]:
        """Yield the blocks of ``file``, and call ``on_packet`` as the work goes on."""


class Container(NamedTuple):
    """A kind of file: its name for messages (empty when unknown) and its decoders."""

    name: str
    decoders: tuple[Decoder, ...]


def _decode_by_ffmpeg(
    file: SeekableReader,
    *,
    limits: AudioLimits,
    block_frames: int,
    on_fault: Callable[[DecoderError], None] | None = None,
    on_packet: Callable[[], None] = lambda: None,
) -> Iterator[DecodedBlock]:
    """Return the blocks of `fpcore.audio.pyav_decoder`, which takes 0.1 s to import."""
    from fpcore.audio import pyav_decoder

    return pyav_decoder.decode(
        file, limits=limits, block_frames=block_frames, on_fault=on_fault, on_packet=on_packet
    )


salvage = _decode_by_ffmpeg
"""The decoder that goes on after damage, which it tells its ``on_fault``."""

_SOUNDFILE_FIRST = (soundfile_decoder.decode, _decode_by_ffmpeg)
_FFMPEG_FIRST = (_decode_by_ffmpeg, soundfile_decoder.decode)
_FFMPEG_ONLY = (_decode_by_ffmpeg,)

_MAGIC = (
    (8, b"WAVE", Container("WAV", _SOUNDFILE_FIRST)),
    (8, b"AIF", Container("AIFF", _SOUNDFILE_FIRST)),
    (0, b"fLaC", Container("FLAC", _SOUNDFILE_FIRST)),
    (0, b"OggS", Container("Ogg", _FFMPEG_FIRST)),
    (0, b"\x1aE\xdf\xa3", Container("WebM", _FFMPEG_ONLY)),
    (4, b"ftyp", Container("M4A", _FFMPEG_ONLY)),
    (0, b"riff\x2e\x91\xcf\x11", Container("W64", _SOUNDFILE_FIRST)),
    (0, b".snd", Container("AU", _SOUNDFILE_FIRST)),
    (0, b"caff", Container("CAF", _SOUNDFILE_FIRST)),
    (0, b"DSD ", Container("DSF", _FFMPEG_ONLY)),
    (0, b"wvpk", Container("WavPack", _FFMPEG_ONLY)),
    (0, b"TTA1", Container("TTA", _FFMPEG_ONLY)),
    (0, b"MAC ", Container("Monkey’s Audio", _FFMPEG_ONLY)),
    (0, b"\x0bw", Container("AC-3", _FFMPEG_ONLY)),
    (0, b"#!AMR", Container("AMR", _FFMPEG_ONLY)),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Container("WMA", _FFMPEG_ONLY)),
    (8, b"AVI ", Container("AVI", _FFMPEG_ONLY)),
    (0, b"FLV\x01", Container("FLV", _FFMPEG_ONLY)),
)
_MPEG = Container("MP3 or AAC", _FFMPEG_ONLY)
_UNKNOWN = Container("", _SOUNDFILE_FIRST)

_SYNC = 0xFFE0
"""The eleven set bits that every frame of MPEG audio begins with."""


def identify(file: SeekableReader) -> Container:
    """Return the kind of ``file`` by its first bytes, after an ID3v2 tag where there is one.

    Raises
    ------
    AudioRefusedError
        When there are no bytes.
    """
    file.seek(0)
    if not file.read(1):
        raise AudioRefusedError("is empty")
    start = skip_tag(file)
    head = file.read(12)
    for offset, magic, container in _MAGIC:
        if head.startswith(magic, offset):
            return container
    synchronised = int.from_bytes(head[:2]) & _SYNC == _SYNC
    is_tagged = start or head.startswith(b"ID3")
    return _MPEG if is_tagged or synchronised else _UNKNOWN
