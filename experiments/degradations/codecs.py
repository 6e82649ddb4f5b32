"""Lossy codecs by PyAV: what the encoder throws away, without the delay that it adds.

Packets go from encoder to decoder in memory, without a container. Encoders prime themselves
with some silence, which decoders keep or drop; the time stamps tell which, and samples are
put where their time stamp says.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from experiments.degradations.config import Codec
from experiments.degradations.filters import fit_length, resample
from experiments.degradations.levels import headroom_gain
from fpcore.records import FloatArray, Signal

_ENCODER = {"mp3": ("libmp3lame", "fltp"), "aac": ("aac", "fltp"), "opus": ("libopus", "flt")}
_DECODER = {"mp3": "mp3float", "aac": "aac", "opus": "opus"}
_PEAK = 0.5
"""Quantisation noise adds to peaks, and some decoders clip at full scale: leave 6 dB."""


def encode_and_decode(signal: Signal, codec: Codec) -> Signal:
    """Return what is left of ``signal`` after the codec, at its own rate, length and timing.

    Where the peak exceeds half of full scale, the signal is turned down before the codec and up
    again by as much after it.
    """
    encoder = _open_encoder(codec, signal.sample_rate_hz)
    gain = np.float32(headroom_gain(signal.samples, peak=_PEAK))
    samples = resample(signal.samples * gain, signal.sample_rate_hz, encoder.sample_rate)
    decoded, rate_hz = _decode(list(_encode(encoder, samples)), encoder, codec)
    restored = resample(decoded, rate_hz, signal.sample_rate_hz) / gain
    return Signal(fit_length(restored, len(signal.samples)), signal.sample_rate_hz)


def _open_encoder(codec: Codec, sample_rate_hz: int) -> AudioCodecContext:
    """Return an open encoder at its lowest rate that is not below ``sample_rate_hz``."""
    name, sample_format = _ENCODER[codec.codec]
    encoder = cast(AudioCodecContext, av.CodecContext.create(name, "w"))
    rates = sorted(encoder.codec.audio_rates or [sample_rate_hz])
    encoder.sample_rate = next((rate for rate in rates if rate >= sample_rate_hz), rates[-1])
    encoder.time_base = Fraction(1, encoder.sample_rate)
    encoder.format = av.AudioFormat(sample_format)
    encoder.layout = av.AudioLayout("mono")
    encoder.bit_rate = codec.bit_rate_bps
    encoder.open()
    return encoder


def _encode(encoder: AudioCodecContext, samples: FloatArray) -> Iterator[av.Packet[av.AudioStream]]:
    """Yield the packets of ``samples`` and of their mirror image, to flush the codec's delay.

    Silence instead would be a sudden end that the codec spreads over what comes before it.
    """
    size = encoder.frame_size
    n_frames = -(-len(samples) // size) + 4  # the priming is less than three frames
    padded = np.pad(samples, (0, n_frames * size - len(samples)), mode="symmetric")
    for start in range(0, len(padded), size):
        frame = av.AudioFrame.from_ndarray(
            padded[np.newaxis, start : start + size], format=encoder.format.name, layout="mono"
        )
        frame.sample_rate, frame.time_base = encoder.sample_rate, encoder.time_base
        frame.pts = start
        yield from encoder.encode(frame)
    yield from encoder.encode(None)


def _decode(
    packets: list[av.Packet[av.AudioStream]], encoder: AudioCodecContext, codec: Codec
) -> tuple[FloatArray, int]:
    """Return the decoded samples from time zero on, and their rate in Hz."""
    decoder = cast(AudioCodecContext, av.CodecContext.create(_DECODER[codec.codec], "r"))
    decoder.sample_rate, decoder.layout = encoder.sample_rate, encoder.layout
    decoder.extradata = encoder.extradata
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    rate_hz = frames[0].sample_rate
    decoded = np.concatenate([frame.to_ndarray().ravel() for frame in frames])
    # Where priming was dropped, the first frame still bears the time stamp from before: only
    # the second one's can be relied on.
    second_at = round(cast(float, frames[1].time) * rate_hz)
    priming = frames[0].samples - second_at
    return decoded[max(0, priming) :], rate_hz
