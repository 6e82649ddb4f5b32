"""Decoder by libsndfile: WAV, AIFF and FLAC, and Ogg as second choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import soundfile

from fpcore.audio.decoding import (
    DecodedBlock,
    DecoderError,
    FaultDepth,
    SeekableReader,
    damaged,
    no_audio,
    too_short,
)
from fpcore.audio.limits import AudioLimits

FORMATS = frozenset(
    {"WAV", "WAVEX", "RF64", "W64", "AIFF", "FLAC", "OGG", "AU", "CAF", "VOC", "NIST", "IRCAM"}
    | {"SVX", "PVF", "PAF", "AVR", "MAT4", "MAT5", "SDS", "MPC2K", "WVE"}
)
"""Containers that are decoded here. MP3 is not: mpg123 inside libsndfile writes its complaints
to standard error and drops damaged frames without a word."""

_UNKNOWN_LENGTH = 2**62
"""libsndfile gives frame counts near 2**63 when a header states no length."""

OGG_TOLERANCE_S = 0.1
"""The last page of an Ogg file may count samples that no packet holds. More may be pages that are
missing on the way, which libsndfile passes over without a word."""

_ERRORS = (soundfile.SoundFileError, OSError, ValueError, TypeError, MemoryError)


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file read from start to end.

    soundfile seeks to the current position after every read of a seekable file, which makes
    small blocks of FLAC and MP3 several times as slow; nothing here ever seeks.
    """

    def seekable(self) -> bool:
        """Return False, whatever the file could do."""
        return False


def decode(
    file: SeekableReader,
    *,
    limits: AudioLimits,
    block_frames: int,
    on_packet: Callable[[], None] = lambda: None,
) -> Iterator[DecodedBlock]:
    """Yield the blocks of ``file``.

    Parameters
    ----------
    file : binary file object
        Seekable, read from where it stands.
    limits : AudioLimits
        Bounds on sample rate and channels.
    block_frames : int
        Frames of each block but the last, >= 1.
    on_packet : callable, optional
        Called after each block; what it raises ends the decoding.

    Yields
    ------
    DecodedBlock
        Consecutive samples, float32 (n_channels, n), at the file's own sample rate.

    Raises
    ------
    DecoderError
        When libsndfile cannot open the file, stumbles, or ends before the declared length.
    AudioRefusedError
        When the header's sample rate or channel count is outside ``limits``.
    """
    try:
        sound = _ForwardFile(file)
    except _ERRORS as error:
        raise DecoderError(f"libsndfile: {error}", FaultDepth.NOTHING) from None
    with sound:
        if sound.format not in FORMATS:
            raise DecoderError(
                f"libsndfile: {sound.format} is not decoded here", FaultDepth.NOTHING
            )
        limits.check_layout(sound.samplerate, sound.channels)
        for block in _blocks(sound, block_frames):
            yield block
            on_packet()


def _blocks(sound: _ForwardFile, block_frames: int) -> Iterator[DecodedBlock]:
    """Yield the blocks of an open file and compare their sum with the declared length."""
    rate_hz = sound.samplerate
    declared = sound.frames if sound.frames < _UNKNOWN_LENGTH else None
    declared_s = None if declared is None else declared / rate_hz
    n_decoded = 0
    while True:
        interleaved = np.empty((block_frames, sound.channels), np.float32)
        try:
            n_read = len(sound.read(out=interleaved))
        except _ERRORS:
            raise damaged(n_decoded / rate_hz, declared_s) from None
        if n_read == 0:
            break
        n_decoded += n_read
        yield DecodedBlock(interleaved[:n_read].T, rate_hz, declared_s)
    if n_decoded == 0:
        raise no_audio()
    tolerance = round(OGG_TOLERANCE_S * rate_hz) if sound.format == "OGG" else 0
    if declared is not None and declared_s is not None and n_decoded < declared - tolerance:
        raise too_short(n_decoded / rate_hz, declared_s)
