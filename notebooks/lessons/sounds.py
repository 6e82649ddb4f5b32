"""Sounds to teach with: excerpts of songs, a made-up test sound, and a constellation to hear.

Signals are mono float32 in [-1, 1].
"""

from __future__ import annotations

import numpy as np
from IPython.display import Audio

from experiments.corpora import Corpus
from experiments.errors import CorpusError
from fpcore import audio
from fpcore.config import FingerprintConfig
from fpcore.records import FloatArray, Peaks, Signal

_BEEP_S = 0.12
_FADE_S = 0.01
_RANGE_DB = 30.0


def excerpt(
    corpus: Corpus, number: int, *, start_s: float, duration_s: float, sample_rate_hz: int = 22050
) -> Signal:
    """Return an excerpt of a track of a corpus.

    Parameters
    ----------
    corpus : Corpus
        Where the track comes from.
    number : int
        Which of its tracks, counted from 0.
    start_s : float
        Where the excerpt begins in seconds, >= 0.
    duration_s : float
        Its length in seconds, above 0.
    sample_rate_hz : int
        Its sample rate in Hz.

    Returns
    -------
    Signal
        The excerpt.

    Raises
    ------
    CorpusError
        When the corpus has no such track, or the track ends before the excerpt does.
    """
    n_tracks = len(corpus.tracks)
    if not 0 <= number < n_tracks:
        raise CorpusError(
            f"{corpus.name} has no track {number}: choose one from 0 to {n_tracks - 1}"
        )
    track = corpus.tracks[number]
    if start_s + duration_s > track.duration_s:
        raise CorpusError(
            f"{track.id} lasts {track.duration_s:.1f} s, so {duration_s:g} s cannot start at "
            f"{start_s:g} s: start earlier or take a shorter excerpt"
        )
    return audio.load(
        corpus.path_of(track),
        sample_rate_hz=sample_rate_hz,
        start_s=start_s,
        duration_s=duration_s,
    )


def tones_and_clicks(
    *,
    sample_rate_hz: int = 22050,
    tones_hz: tuple[float, float] = (1000.0, 1030.0),
    gap_s: float = 0.03,
) -> Signal:
    """Return 2 s of two tones close in frequency, with two clicks close in time half-way.

    Only a long window tells the tones apart, only a short one the clicks. The tones are at -20 dB
    re full scale, the clicks are single samples of full scale.

    Parameters
    ----------
    sample_rate_hz : int
        Samples a second.
    tones_hz : tuple of float
        Frequencies of the two tones in Hz, below half the sample rate.
    gap_s : float
        Seconds from one click to the other, from 0 to below 1.

    Returns
    -------
    Signal
        Two seconds.
    """
    time_s = np.arange(2 * sample_rate_hz) / sample_rate_hz
    samples = sum(0.1 * np.sin(2 * np.pi * hz * time_s) for hz in tones_hz)
    clicks = sample_rate_hz + np.array([0, round(gap_s * sample_rate_hz)])
    samples = np.asarray(samples)
    samples[clicks] = 1.0
    return Signal(samples.astype(np.float32), sample_rate_hz)


def constellation_sound(peaks: Peaks, config: FingerprintConfig, *, duration_s: float) -> Signal:
    """Return each peak as a short sine at its time and frequency, the higher the louder.

    Parameters
    ----------
    peaks : Peaks
        The constellation.
    config : FingerprintConfig
        What made it.
    duration_s : float
        Length of the sound in seconds; later peaks are left out.

    Returns
    -------
    Signal
        Its highest sample is 0.9 of full scale. Peaks within 30 dB below the highest keep their
        differences in level; lower ones are raised to 30 dB below it.
    """
    rate_hz = config.sample_rate_hz
    samples = np.zeros(round((duration_s + _BEEP_S) * rate_hz), np.float32)
    beep_s = np.arange(round(_BEEP_S * rate_hz)) / rate_hz
    ramp = np.clip(np.minimum(beep_s, beep_s[::-1]) / _FADE_S, 0, 1)
    top_db = float(peaks.level_db.max(initial=0.0))
    for frame, bin_, level_db in zip(peaks.frame, peaks.bin, peaks.level_db, strict=True):
        gain = 10 ** (max(float(level_db) - top_db, -_RANGE_DB) / 20)
        start = int(frame) * config.spectrogram.hop_length
        room = samples[start : start + len(beep_s)]
        tone = gain * ramp * np.sin(2 * np.pi * bin_ * config.bin_hz * beep_s)
        room += tone[: len(room)].astype(np.float32)
    return Signal(_scaled(samples[: round(duration_s * rate_hz)], 0.9), rate_hz)


def player(signal: Signal) -> Audio:
    """Return a player for a notebook, in which the loudest sample is at full scale.

    Silence stays silent.
    """
    samples = _scaled(signal.samples, 1.0)
    return Audio(  # type: ignore[no-untyped-call]
        samples, rate=signal.sample_rate_hz, normalize=False
    )


def _scaled(samples: FloatArray, peak: float) -> FloatArray:
    highest = float(np.abs(samples).max(initial=0.0))
    return samples * np.float32(peak / highest) if highest else samples
