"""Decoder by FFmpeg's libraries through PyAV: MP3, AAC, ALAC, Ogg, Opus, WebM and the rest.

A file that FFmpeg may read freely can be a playlist that makes it open other files. So the
file is opened by us, the demuxers are a whitelist and no protocol is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from fpcore.audio.decoding import (
    DecodedBlock,
    DecoderError,
    FaultDepth,
    SeekableReader,
    damaged,
    no_audio,
    too_short,
)
from fpcore.audio.limits import AudioLimits, AudioRefusedError

DEMUXERS = "wav,w64,aiff,flac,ogg,mp3,aac,mov,matroska"

_OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}

_STRICT = {"err_detect": "crccheck+bitstream+buffer+explode"}
"""Without it FFmpeg passes FLAC frames with a wrong checksum."""

_ERRORS = (
    *(av.error.FFmpegError, OSError, ValueError, TypeError),
    *(ArithmeticError, LookupError, RuntimeError, MemoryError),
)
"""What FFmpeg reports and what PyAV's own code meets on broken input."""

_LOSSLESS = frozenset({"flac", "wav", "w64", "aiff"})
_EXACT_LENGTH = _LOSSLESS | {"ogg", "mov"}
_TAGS_ALLOWED = frozenset({"mp3", "aac"})
"""Streams without a container: after the last frame, and between joined files, tags may stand."""

_HOLE_S = {"flac": 0.001, "ogg": 0.1}
"""Containers whose frames or pages count the samples before them, so that it is noticed when one
is lost, and from where on a gap in that count is a hole."""

_LENGTH_TOLERANCE_S = 1.0
"""Lossy lengths are stated to a frame, to a page of an Ogg file, or to a millisecond that includes
the encoder's delay. Every player plays a file that lacks the last one."""


def decode(
    file: SeekableReader, *, limits: AudioLimits, block_frames: int
) -> Iterator[DecodedBlock]:
    """Yield the blocks of the first or default audio stream of ``file``.

    Parameters
    ----------
    file : binary file object
        Seekable, read from where it stands.
    limits : AudioLimits
        Bounds on sample rate and channels.
    block_frames : int
        Frames that are gathered before a block is yielded, >= 1.

    Yields
    ------
    DecodedBlock
        Consecutive samples, float32 (n_channels, n), at the file's own sample rate.

    Raises
    ------
    DecoderError
        When FFmpeg cannot open the file, stumbles, or ends before the declared length.
    AudioRefusedError
        When the layout is outside ``limits`` or the sample rate changes on the way.
    """
    av.logging.set_level(None)
    try:
        container = av.open(file, "r", options=_OPTIONS, metadata_errors="replace")
    except _ERRORS as error:
        raise DecoderError(f"FFmpeg: {error}", FaultDepth.NOTHING) from None
    with container:
        stream = _default_stream(container)
        codec: AudioCodecContext | None = stream.codec_context
        if codec is None:
            raise DecoderError("holds audio of an unknown codec", FaultDepth.CONTAINER)
        if codec.sample_rate and codec.channels:
            limits.check_layout(codec.sample_rate, codec.channels)
        codec.options = _STRICT
        yield from _StreamReader(container, stream, limits).blocks(block_frames)


def _default_stream(container: InputContainer) -> AudioStream:
    """Return the audio stream that is marked as default, or else the first."""
    streams = container.streams.audio
    if not streams:
        raise DecoderError("has no audio stream", FaultDepth.CONTAINER)
    marked = (s for s in streams if s.disposition & s.disposition.default)
    return next(marked, streams[0])


def _declared_s(container: InputContainer, stream: AudioStream) -> float | None:
    """Return the length in seconds where the container states it, None where it is a guess."""
    name = _demuxer(container)
    if name == "matroska":
        # The container's length is that of its longest stream.
        alone = len(container.streams) == 1 and container.duration is not None
        return container.duration / 1e6 if alone and container.duration else None
    if name not in _EXACT_LENGTH or stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _demuxer(container: InputContainer) -> str:
    """Return the first name of the demuxer: "mov" for "mov,mp4,m4a,3gp,3g2,mj2"."""
    return container.format.name.split(",")[0]


class _StreamReader:
    """One pass over an audio stream, with the count of what came out of it."""

    def __init__(self, container: InputContainer, stream: AudioStream, limits: AudioLimits) -> None:
        self._container = container
        self._stream = stream
        self._limits = limits
        self._demuxer = _demuxer(container)
        self._is_vorbis = stream.codec_context.name == "vorbis"
        self._declared_s = _declared_s(container, stream)
        self._rate_hz = 0
        self._n_decoded = 0
        self._next_s: float | None = None

    @property
    def _position_s(self) -> float:
        return self._n_decoded / self._rate_hz if self._rate_hz else 0.0

    def blocks(self, block_frames: int) -> Iterator[DecodedBlock]:
        """Yield blocks of at least ``block_frames`` but for the last, then check the length."""
        batch: list[NDArray[Any]] = []
        n_batched = 0
        try:
            for frame in self._frames():
                # The last frame must still be in the batch when the padding is trimmed.
                mixed = bool(batch) and _kind(frame) != _kind(batch[0])
                if n_batched >= block_frames or mixed:
                    yield DecodedBlock(_joined(batch), self._rate_hz)
                    batch, n_batched = [], 0
                batch.append(frame)
                n_batched += frame.shape[1]
                self._n_decoded += frame.shape[1]
        except DecoderError:
            if batch:  # sound as well, for who takes what there is
                yield DecodedBlock(_joined(batch), self._rate_hz)
            raise
        if batch:
            last = self._without_padding(batch[-1])
            yield DecodedBlock(_joined([*batch[:-1], last]), self._rate_hz)
        self._check_length()

    def _frames(self) -> Iterator[NDArray[Any]]:
        """Yield decoded frames as arrays (n_channels, n) in the codec's own sample type."""
        fault: DecoderError | None = None
        for packet in self._packets():
            try:
                arrays = [self._array(frame) for frame in packet.decode()]
            except _ERRORS:
                if self._demuxer in _TAGS_ALLOWED and bytes(packet).startswith(b"ID3"):
                    continue
                fault = fault or damaged(self._position_s, self._declared_s)
                if self._demuxer not in _TAGS_ALLOWED:
                    raise fault from None
                continue
            if arrays and fault is not None:
                raise fault
            yield from arrays

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        """Yield the packets of the stream and at last an empty one that flushes the decoder."""
        try:
            yield from self._container.demux(self._stream)
        except _ERRORS:
            raise damaged(self._position_s, self._declared_s) from None

    def _array(self, frame: AudioFrame) -> NDArray[Any]:
        """Return the samples of ``frame`` as (n_channels, n), after checking its layout."""
        n_channels = frame.layout.nb_channels
        if frame.sample_rate != self._rate_hz:
            self._limits.check_layout(frame.sample_rate, n_channels)
            if self._rate_hz:
                raise AudioRefusedError(
                    f"changes its sample rate from {self._rate_hz} to {frame.sample_rate} Hz "
                    f"at {self._position_s:.2f} s: split it there"
                )
            self._rate_hz = frame.sample_rate
        self._check_follows(frame)
        array = frame.to_ndarray()
        channels = array if frame.format.is_planar else array.reshape(-1, n_channels).T
        return channels[:, self._n_early(frame) :]

    def _check_follows(self, frame: AudioFrame) -> None:
        """Raise when ``frame`` begins later than the one before it ended."""
        hole_s = _HOLE_S.get(self._demuxer)
        if hole_s is None or frame.pts is None or frame.time_base is None:
            return
        begin_s = float(frame.pts * frame.time_base)
        if self._next_s is not None and begin_s > self._next_s + hole_s:
            raise damaged(self._position_s, self._declared_s)
        self._next_s = begin_s + frame.samples / frame.sample_rate

    def _n_early(self, frame: AudioFrame) -> int:
        """Return how many samples of ``frame`` stand before time 0.

        An Ogg file may begin with more audio than its first page counts; libvorbis drops the
        excess, FFmpeg's Vorbis decoder gives it negative times.
        """
        if not self._is_vorbis or frame.pts is None or frame.pts >= 0 or frame.time_base is None:
            return 0
        return min(frame.samples, round(-frame.pts * frame.time_base * frame.sample_rate))

    def _without_padding(self, last: NDArray[Any]) -> NDArray[Any]:
        """Return the last frame without padding, which PyAV leaves in M4A and short Ogg files."""
        if self._demuxer not in {"mov", "ogg"} or self._declared_s is None:
            return last
        n_excess = self._n_decoded - round(self._declared_s * self._rate_hz)
        return last[:, :-n_excess] if 0 < n_excess < last.shape[1] else last

    def _check_length(self) -> None:
        if self._n_decoded == 0:
            raise no_audio()
        tolerance_s = 0.5 / self._rate_hz if self._demuxer in _LOSSLESS else _LENGTH_TOLERANCE_S
        if self._declared_s is not None and self._position_s < self._declared_s - tolerance_s:
            raise too_short(self._position_s, self._declared_s)


def _kind(array: NDArray[Any]) -> tuple[int, np.dtype[Any]]:
    """Return what arrays must have in common to be joined: channel count and sample type."""
    return array.shape[0], array.dtype


def _joined(batch: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Return arrays (n_channels, n) of one kind as one of float32 at full scale 1."""
    joined = np.concatenate(batch, axis=1)
    with np.errstate(over="ignore"):
        channels = joined.astype(np.float32, copy=False)
    if joined.dtype.kind == "f":
        return channels
    full_scale = 2.0 ** (8 * joined.dtype.itemsize - 1)
    if joined.dtype.kind == "u":
        channels -= np.float32(full_scale)
    channels *= np.float32(1 / full_scale)
    return channels
