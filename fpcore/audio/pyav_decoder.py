"""Decoder by FFmpeg's libraries through PyAV: MP3, AAC, ALAC, Ogg, Opus, WebM and the rest.

A file that FFmpeg may read freely can be a playlist that makes it open other files. So the
file is opened by us, the demuxers are a whitelist and no protocol is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    cut_off,
    damaged,
    no_audio,
    too_short,
)
from fpcore.audio.demuxers import WHITELIST, demuxer_of, end_s, name_of, start_s
from fpcore.audio.frames import ends_inside_frame
from fpcore.audio.limits import AudioLimits
from fpcore.audio.tags import tag_bytes
from fpcore.audio.timeline import Frame, Timeline, silence

_OPTIONS = {"format_whitelist": WHITELIST, "protocol_whitelist": "none"}

_STRICT = {"err_detect": "crccheck+bitstream+buffer+explode"}
"""Without it FFmpeg passes FLAC frames with a wrong checksum."""

_ERRORS = (
    *(av.error.FFmpegError, OSError, ValueError, TypeError),
    *(ArithmeticError, LookupError, RuntimeError, MemoryError),
)
"""What FFmpeg reports and what PyAV's own code meets on broken input."""

_MOST_FAILURES = 100
"""A demuxer that fails so often without a packet in between has nothing more to give."""

_DURATION_ID = b"\x44\x89"
_HEADER_BYTES = 65_536
"""Where a Matroska file that states its duration has it, and its identifier there."""


def decode(
    file: SeekableReader,
    *,
    limits: AudioLimits,
    block_frames: int,
    on_fault: Callable[[DecoderError], None] | None = None,
    on_packet: Callable[[], None] = lambda: None,
) -> Iterator[DecodedBlock]:
    """Yield the blocks of the first or default audio stream of ``file``.

    Holes in the clock of an Ogg, FLAC, MP4 or Matroska file are filled with silence, and so is the
    time before sound that begins late in MP4 and Matroska.

    Parameters
    ----------
    file : binary file object
        Seekable, read from where it stands.
    limits : AudioLimits
        Bounds on sample rate and channels.
    block_frames : int
        Frames that are gathered before a block is yielded, >= 1.
    on_fault : callable, optional
        When given, what cannot be decoded is left out, with silence in its place as far as its
        length is known, and this is called with the fault as soon as there is sound after it.
    on_packet : callable, optional
        Called before each packet is decoded; what it raises ends the decoding.

    Yields
    ------
    DecodedBlock
        Consecutive samples, float32 (n_channels, n), at the stream's own sample rate, which may
        change.

    Raises
    ------
    DecoderError
        When FFmpeg cannot open the file, stumbles, or ends before the declared length, or when the
        file ends inside a frame.
    AudioRefusedError
        When the layout is outside ``limits``.
    """
    av.logging.set_level(None)
    states_duration = _states_duration(file)
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
        end = end_s(container, stream, states_duration=states_duration)
        reader = _StreamReader(container, stream, limits, end, on_fault, on_packet)
        yield from reader.blocks(block_frames)
        if ends_inside_frame(file, name_of(container)):
            raise cut_off(reader.position_s)


def _states_duration(file: SeekableReader) -> bool:
    """Whether the header of a Matroska file states a duration; FFmpeg guesses one if not."""
    start = file.tell()
    head = file.read(_HEADER_BYTES)
    file.seek(start)
    # The identifier is followed by the length of the number, four or eight bytes.
    return any(_DURATION_ID + length in head for length in (b"\x84", b"\x88"))


def _default_stream(container: InputContainer) -> AudioStream:
    """Return the audio stream that is marked as default, or else the first."""
    streams = container.streams.audio
    if not streams:
        raise DecoderError("has no audio stream", FaultDepth.CONTAINER)
    marked = (s for s in streams if s.disposition & s.disposition.default)
    return next(marked, streams[0])


class _StreamReader:
    """One pass over an audio stream, with the count of what came out of it."""

    def __init__(
        self,
        container: InputContainer,
        stream: AudioStream,
        limits: AudioLimits,
        end_s: float | None,
        on_fault: Callable[[DecoderError], None] | None,
        on_packet: Callable[[], None],
    ) -> None:
        self._container = container
        self._stream = stream
        self._limits = limits
        self._end_s = end_s
        self._on_fault = on_fault
        self._on_packet = on_packet
        self._name = name_of(container)
        self._demuxer = demuxer_of(container)
        self._is_vorbis = stream.codec_context.name == "vorbis"
        self._rate_hz = 0
        self._n_decoded = 0
        self._fault: DecoderError | None = None
        self._tags = _Tags()
        self._unread = _Unread()
        self._timeline = Timeline(
            tolerance_s=self._demuxer.clock_tolerance_s,
            start_s=start_s(container) if self._demuxer.keeps_start else None,
            longest_hole_s=self._demuxer.longest_hole_s,
            max_s=limits.max_duration_s,
            on_hole=self._note_hole,
        )

    @property
    def position_s(self) -> float:
        """Where the last frame that was decoded ends."""
        return self._timeline.position_s

    @property
    def _declared_s(self) -> float | None:
        """Length of the recording in seconds, as far as it is stated."""
        return None if self._end_s is None else self._end_s - self._timeline.origin_s

    @property
    def _stated_s(self) -> float | None:
        """The same where a header states it, which that of an Ogg file does not."""
        return None if self._name == "ogg" else self._declared_s

    def blocks(self, block_frames: int) -> Iterator[DecodedBlock]:
        """Yield blocks of at least ``block_frames`` but for the last, then check the length."""
        batch: list[Frame] = []
        n_batched = 0
        try:
            for frame in self._timeline.placed(self._frames()):
                # The last frame must still be in the batch when the padding is trimmed.
                mixed = bool(batch) and _kind(frame) != _kind(batch[0])
                if n_batched >= block_frames or mixed:
                    yield self._block(batch)
                    batch, n_batched = [], 0
                batch.append(frame)
                n_batched += frame.channels.shape[1]
                self._n_decoded += frame.channels.shape[1]
        except DecoderError:
            if batch:  # sound as well, for who takes what there is
                yield self._block(batch)
            raise
        if batch:
            yield self._block([*batch[:-1], self._without_padding(batch[-1])])
        self._check_length()

    def _block(self, batch: list[Frame]) -> DecodedBlock:
        channels = _joined([frame.channels for frame in batch])
        return DecodedBlock(channels, batch[0].sample_rate_hz, self._stated_s)

    def _frames(self) -> Iterator[Frame]:
        """Yield decoded frames in the codec's own sample type."""
        for packet in self._packets():
            self._on_packet()
            if self._tags.hold(packet):
                continue
            frames = self._decoded(packet)
            if not frames and self._tags.cover(packet):
                continue
            if frames is None:
                # An empty packet, by which encoders may end an Ogg file, lacks no sound.
                if packet.size:
                    self._note(damaged(self.position_s, self._declared_s))
                    self._unread.add(packet)
                continue
            if frames and self._fault is not None:
                self._tell_fault()
                if self._demuxer.is_bare:
                    yield from silence(self._unread.duration_s, like=frames[0])
            if frames:
                self._unread.count(packet, frames)
                self._tags.leave()
            yield from frames
        if self._fault is not None and not self._demuxer.is_bare:
            raise self._fault

    def _decoded(self, packet: Packet[AudioStream]) -> list[Frame] | None:
        """Return the frames of a packet, None when it cannot be decoded."""
        try:
            return [self._frame(frame) for frame in packet.decode()]
        except _ERRORS:
            return None

    def _note(self, fault: DecoderError) -> None:
        """Keep a fault until there is sound after it; raise it where none is expected."""
        if self._on_fault is None and not self._demuxer.is_bare:
            raise fault from None
        self._fault = self._fault or fault

    def _note_hole(self, begin_s: float) -> None:
        """Take a hole for damage in a container that numbers what it holds."""
        if self._demuxer.is_numbered:
            self._fault = self._fault or damaged(begin_s, self._declared_s)
            self._tell_fault()

    def _tell_fault(self) -> None:
        """Tell the fault that there is sound after; raise it when nobody wants to be told."""
        fault, self._fault = self._fault, None
        if fault is None:
            return
        if self._on_fault is None:
            raise fault
        self._on_fault(fault)

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        """Yield the packets of the stream and at last an empty one that flushes the decoder."""
        n_failures = 0
        while True:
            try:
                for packet in self._container.demux(self._stream):
                    n_failures = 0
                    yield packet
            except av.error.BlockingIOError:
                n_failures += 1  # no packet of MPEG-TS is here: it searches on
            except _ERRORS:
                n_failures += 1
                self._note(damaged(self.position_s, self._declared_s))
            else:
                return
            if n_failures > _MOST_FAILURES:
                if self._demuxer.is_bare:
                    return  # what follows are tags, or nothing that belongs to the sound
                raise self._fault or damaged(self.position_s, self._declared_s)

    def _frame(self, frame: AudioFrame) -> Frame:
        """Return the samples of ``frame`` and their time, after checking its layout."""
        n_channels = frame.layout.nb_channels
        if frame.sample_rate != self._rate_hz:
            self._limits.check_layout(frame.sample_rate, n_channels)
            self._rate_hz = frame.sample_rate
        array = frame.to_ndarray()
        channels = array if frame.format.is_planar else array.reshape(-1, n_channels).T
        n_early = self._n_early(frame)
        begin_s = None
        if frame.pts is not None and frame.time_base is not None:
            begin_s = float(frame.pts * frame.time_base) + n_early / frame.sample_rate
        return Frame(channels[:, n_early:], frame.sample_rate, begin_s)

    def _n_early(self, frame: AudioFrame) -> int:
        """Return how many samples of ``frame`` stand before time 0.

        An Ogg file may begin with more audio than its first page counts; libvorbis drops the
        excess, FFmpeg's Vorbis decoder gives it negative times.
        """
        if not self._is_vorbis or frame.pts is None or frame.pts >= 0 or frame.time_base is None:
            return 0
        return min(frame.samples, round(-frame.pts * frame.time_base * frame.sample_rate))

    def _without_padding(self, last: Frame) -> Frame:
        """Return the last frame without padding, which PyAV leaves in M4A and short Ogg files."""
        if self._name not in {"mov", "ogg"} or self._declared_s is None:
            return last
        n_excess = self._n_decoded - round(self._declared_s * self._rate_hz)
        if not 0 < n_excess < last.channels.shape[1]:
            return last
        return last._replace(channels=last.channels[:, :-n_excess])

    def _check_length(self) -> None:
        if self._n_decoded == 0:
            raise no_audio()
        tolerance_s = self._demuxer.length_tolerance_s or 0.5 / self._rate_hz
        if self._declared_s is not None and self.position_s < self._declared_s - tolerance_s:
            raise too_short(self.position_s, self._declared_s)


class _Tags:
    """Tags that stand between joined MP3 or AAC files, which the demuxer takes for sound.

    After a tag it may also take some bytes of the next frames for the begin of one.
    """

    def __init__(self) -> None:
        self._end = 0
        self._is_inside = False

    def hold(self, packet: Packet[AudioStream]) -> bool:
        """Whether ``packet`` begins inside the last tag that was found."""
        return packet.pos is not None and packet.pos < self._end

    def cover(self, packet: Packet[AudioStream]) -> bool:
        """Whether ``packet``, which gives no sound, begins with a tag or follows one."""
        content = bytes(packet)
        if content.startswith(b"ID3") and packet.pos is not None:
            self._end = packet.pos + tag_bytes(content)
        is_tag = b"APETAGEX" in content or content.startswith((b"ID3", b"TAG", b"LYRICSBEGIN"))
        self._is_inside = self._is_inside or is_tag
        return self._is_inside

    def leave(self) -> None:
        """Take what follows for sound again."""
        self._is_inside = False


class _Unread:
    """How long the packets are that cannot be decoded, judged by those that can."""

    def __init__(self) -> None:
        self._n_read = 0
        self._read_s = 0.0
        self._n_unread = 0

    def add(self, packet: Packet[AudioStream]) -> None:
        """Count a packet that cannot be decoded."""
        self._n_unread += packet.size

    def count(self, packet: Packet[AudioStream], frames: list[Frame]) -> None:
        """Count one that can be; from then on nothing is missing."""
        self._n_read += packet.size
        self._read_s += sum(frame.duration_s for frame in frames)
        self._n_unread = 0

    @property
    def duration_s(self) -> float:
        """Length in seconds of what could not be decoded since the last packet that could."""
        return self._n_unread * self._read_s / self._n_read if self._n_read else 0.0


def _kind(frame: Frame) -> tuple[int, np.dtype[Any], int]:
    """Return what frames must have in common to be joined: channels, sample type and rate."""
    return frame.channels.shape[0], frame.channels.dtype, frame.sample_rate_hz


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
