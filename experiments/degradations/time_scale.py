"""Speed, tempo and pitch.

Speed is resampling (soxr HQ). Tempo is WSOLA (waveform-similarity overlap-add; Verhelst and
Roelands, ICASSP 1993) as FFmpeg's ``atempo`` filter does it: unlike a phase vocoder it keeps
attacks and does not smear phases. Pitch is a change of speed whose tempo is undone.

WSOLA moves pieces of the waveform to where they fit best, so that after a change of tempo or
pitch a sound lies within about a quarter of its window (10 to 16 ms) of its exact place.
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.filter import Graph

from experiments.degradations.config import Pitch, Speed, Tempo
from experiments.degradations.filters import fit_length, resample
from fpcore.records import FloatArray, Signal


def change_speed(signal: Signal, speed: Speed) -> Signal:
    """Return ``signal`` played ``speed.factor`` times as fast, round(n / factor) samples long."""
    samples = _faster(signal.samples, signal.sample_rate_hz, speed.factor)
    return Signal(samples, signal.sample_rate_hz)


def change_tempo(signal: Signal, tempo: Tempo) -> Signal:
    """Return ``signal`` at ``tempo.factor`` times its tempo, round(n / factor) samples long."""
    n_samples = round(len(signal.samples) / tempo.factor)
    samples = _stretch(signal, tempo.factor, n_samples)
    return Signal(samples, signal.sample_rate_hz)


def change_pitch(signal: Signal, pitch: Pitch) -> Signal:
    """Return ``signal`` higher by ``pitch.semitones``, as long as it was."""
    ratio = 2 ** (pitch.semitones / 12)
    higher = Signal(_faster(signal.samples, signal.sample_rate_hz, ratio), signal.sample_rate_hz)
    samples = _stretch(higher, 1 / ratio, len(signal.samples))
    return Signal(samples, signal.sample_rate_hz)


def _faster(samples: FloatArray, sample_rate_hz: int, factor: float) -> FloatArray:
    """Return ``samples`` resampled so that they last 1 / ``factor`` as long."""
    return resample(samples, sample_rate_hz * factor, sample_rate_hz)


def _stretch(signal: Signal, factor: float, n_samples: int) -> FloatArray:
    """Return ``n_samples`` of ``signal`` with its tempo multiplied by ``factor``."""
    if factor == 1.0:
        return fit_length(signal.samples, n_samples)
    # atempo drops the first half of its window, and ends up to a window early.
    window = _atempo_window(signal.sample_rate_hz)
    padded = np.pad(signal.samples, (window // 2, 2 * window))
    return fit_length(_atempo(padded, signal.sample_rate_hz, factor), n_samples)


def _atempo_window(sample_rate_hz: int) -> int:
    """Return atempo's window in samples: the power of two not below a 24th of a second."""
    return 1 << (max(1, sample_rate_hz // 24) - 1).bit_length()


def _atempo(samples: FloatArray, sample_rate_hz: int, factor: float) -> FloatArray:
    """Return ``samples`` through FFmpeg's atempo filter."""
    graph = Graph()
    time_base = Fraction(1, sample_rate_hz)
    source = graph.add_abuffer(
        sample_rate=sample_rate_hz, format="flt", layout="mono", time_base=time_base
    )
    atempo = graph.add("atempo", repr(factor))
    sink = graph.add("abuffersink")
    source.link_to(atempo)
    atempo.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="flt", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = sample_rate_hz, time_base, 0
    source.push(frame)
    source.push(None)
    pieces = []
    while True:
        try:
            pieces.append(cast(av.AudioFrame, sink.pull()).to_ndarray().ravel())
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(pieces)
