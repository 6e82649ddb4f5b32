"""Babble: several voices at once, recorded or synthetic.

Recorded talkers each speak clips of their own, one after the other, with the silence around
the clips removed and all talkers equally loud.

Synthetic talkers are a source-filter model (Fant 1960): syllables at about four a second, the
rate of speech, are a pulse train of the pitch of a man or a woman through the formants of a vowel
(Peterson and Barney 1952), many of them with a hiss at their start; a pause follows now and
then. Together they have the long-term average spectrum of speech of Byrne et al. (1994,
JASA 96(4), table II, men and women combined). They are made once per sample rate, as tracks that
repeat without a seam; each draw starts the tracks at random places.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from experiments.degradations import sources as source_files
from experiments.degradations.config import Babble
from experiments.degradations.levels import (
    SilentSignalError,
    active_mask,
    mean_square,
    mix_at_snr,
)
from experiments.degradations.sources import Sources
from fpcore.errors import ConfigError
from fpcore.records import DoubleArray, FloatArray, Signal

SPEECH_SPECTRUM_DB = {
    63: 38.6, 80: 43.5, 100: 54.4, 125: 57.7, 160: 56.8, 200: 60.2, 250: 60.3, 315: 59.0,
    400: 62.1, 500: 62.1, 630: 60.5, 800: 56.8, 1000: 53.7, 1250: 53.0, 1600: 52.0, 2000: 48.7,
    2500: 48.1, 3150: 46.8, 4000: 45.6, 5000: 44.5, 6300: 44.3, 8000: 43.7, 10000: 43.4,
    12500: 41.3, 16000: 40.7,
}  # fmt: skip
"""Level of speech in the third-octave band around each centre in Hz, 70 dB in all."""

_N_VOICES = 12
_TRACK_S = 15.0
_TRACK_SEED = 1994
_N_SPECTRUM_STEPS = 4  # gains between band centres are interpolated: a few steps even that out
_SYLLABLE_S = (0.15, 0.35)
_PAUSE_SHARE, _PAUSE_S = 0.12, (0.2, 0.5)
_PITCH_HZ = ((95.0, 140.0), (180.0, 250.0))  # men, women
_FORMANT_SCALE = (1.0, 1.17)
_VOWELS_HZ = np.array(  # the first three formants of i, e, a, o, u
    [[270, 2290, 3010], [530, 1840, 2480], [730, 1090, 2440], [570, 840, 2410], [300, 870, 2240]]
)
_FORMANT_WIDTH_HZ = np.array([60.0, 90.0, 150.0])
_HISS_SHARE, _HISS_LEVEL, _HISS_FROM_HZ = 0.6, 0.3, 2500.0


def add_babble(
    signal: Signal, babble: Babble, rng: np.random.Generator, sources: Sources
) -> Signal:
    """Return ``signal`` with babble added, at its own length and sample rate.

    Parameters
    ----------
    signal : Signal, float32 (n,), not silent
        The excerpt; n is at least 1.
    babble : Babble
        Whether the talkers are recorded or synthetic, how many they are, and the ratio in dB.
    rng : numpy.random.Generator
        Draws the talkers and the place at which each of them starts.
    sources : Sources
        Audio files by name. Read for recorded talkers only, under ``babble.source``.

    Returns
    -------
    Signal, float32 (n,)

    Raises
    ------
    SilentSignalError
        When the signal is silent, or all the clips of a recorded talker.
    ConfigError
        When recorded talkers are asked for and the source is not given, or has fewer files
        than there are talkers.
    AudioError
        When a clip cannot be decoded.
    """
    n_samples, sample_rate_hz = len(signal.samples), signal.sample_rate_hz
    if babble.talkers == "synthetic":
        noise = synthetic_babble(n_samples, sample_rate_hz, n_talkers=babble.n_talkers, rng=rng)
    else:
        noise = _recorded_babble(n_samples, sample_rate_hz, babble, rng=rng, sources=sources)
    return mix_at_snr(signal, noise, snr_db=babble.snr_db)


def synthetic_babble(
    n_samples: int, sample_rate_hz: int, *, n_talkers: int, rng: np.random.Generator
) -> FloatArray:
    """Return the sum of synthetic voices, each of unit power over its whole track.

    Parameters
    ----------
    n_samples : int, at least 0
        Length of the result.
    sample_rate_hz : int
        Samples per second.
    n_talkers : int, at least 1
        Voices in the sum. Beyond twelve, voices come again, each from another random place.
    rng : numpy.random.Generator
        Draws the voices and the place at which each of them starts.

    Returns
    -------
    float32 (n_samples,)
    """
    tracks = _voices(sample_rate_hz)
    order = rng.permutation(len(tracks))
    babble = np.zeros(n_samples, dtype=np.float32)
    for talker in range(n_talkers):
        track = tracks[order[talker % len(tracks)]]
        start = int(rng.integers(len(track)))
        babble += np.take(track, np.arange(start, start + n_samples), mode="wrap")
    return babble


def _recorded_babble(
    n_samples: int,
    sample_rate_hz: int,
    babble: Babble,
    *,
    rng: np.random.Generator,
    sources: Sources,
) -> FloatArray:
    """Return the sum (n,) of recorded voices of unit power each, no clip in two of them."""
    paths = source_files.files(sources, babble.source)
    if len(paths) < babble.n_talkers:
        raise ConfigError(
            f"babble of {babble.n_talkers} recorded talkers needs as many clips, but the source "
            f"{babble.source!r} holds {len(paths)}: add clips or lower n_talkers"
        )
    order = rng.permutation(len(paths))
    total = np.zeros(n_samples, dtype=np.float32)
    for talker in range(babble.n_talkers):
        clips = [paths[i] for i in order[talker :: babble.n_talkers]]
        voice = _talk(clips, n_samples, sample_rate_hz, rng)
        total += voice / np.float32(np.sqrt(mean_square(voice)))
    return total


def _talk(
    clips: list[Path], n_samples: int, sample_rate_hz: int, rng: np.random.Generator
) -> FloatArray:
    """Return ``n_samples`` of speech: clip after clip, from a random place in the first on."""
    spoken: list[FloatArray] = []
    n_spoken, n_silent = 0, 0
    for path in cycle(clips):
        speech = _without_silence_around(source_files.samples(path, sample_rate_hz), sample_rate_hz)
        n_silent = 0 if len(speech) else n_silent + 1
        if n_silent == len(clips):
            raise SilentSignalError(
                f"the {n_silent} clips of a talker are all silent, the last one is {path}: "
                "remove silent clips from the source"
            )
        if len(speech) and not spoken:
            speech = speech[int(rng.integers(len(speech))) :]
        spoken.append(speech)
        n_spoken += len(speech)
        if n_spoken >= n_samples:
            break
    return np.concatenate(spoken)[:n_samples]


def _without_silence_around(samples: FloatArray, sample_rate_hz: int) -> FloatArray:
    """Return ``samples`` from the first active one to the last; none where all is silent."""
    try:
        active = np.flatnonzero(active_mask(samples, sample_rate_hz))
    except SilentSignalError:
        return samples[:0]
    return samples[active[0] : active[-1] + 1]


@lru_cache(maxsize=4)
def _voices(sample_rate_hz: int) -> FloatArray:
    """Return the tracks (voices, n) of the synthetic talkers, half of them women."""
    rng = np.random.default_rng(_TRACK_SEED)
    n_samples = fft.next_fast_len(round(_TRACK_S * sample_rate_hz), real=True)
    tracks = np.stack(
        [_voice(rng, n_samples, sample_rate_hz, sex=voice % 2) for voice in range(_N_VOICES)]
    )
    tracks /= np.sqrt(np.mean(tracks**2, axis=1, keepdims=True))
    shaped = _with_speech_spectrum(tracks, sample_rate_hz)
    shaped /= np.sqrt(np.mean(shaped**2, axis=1, keepdims=True))
    result = shaped.astype(np.float32)
    result.flags.writeable = False
    return result


def _voice(
    rng: np.random.Generator, n_samples: int, sample_rate_hz: int, *, sex: int
) -> DoubleArray:
    """Return one talker's track (n,), syllables added around a circle."""
    starts, durations_s = _rhythm(rng, n_samples / sample_rate_hz)
    syllables = _syllables(rng, durations_s, sample_rate_hz, sex=sex)
    track = np.zeros(n_samples)
    for start_s, syllable in zip(starts, syllables, strict=True):
        at = round(start_s * sample_rate_hz) + np.arange(len(syllable))
        track[at % n_samples] += syllable
    return track


def _rhythm(rng: np.random.Generator, duration_s: float) -> tuple[DoubleArray, DoubleArray]:
    """Return starts and durations in s of the syllables that fit into ``duration_s``."""
    most = int(duration_s / _SYLLABLE_S[0]) + 1
    durations_s = rng.uniform(*_SYLLABLE_S, most)
    pauses_s = np.where(rng.random(most) < _PAUSE_SHARE, rng.uniform(*_PAUSE_S, most), 0.0)
    ends_s = np.cumsum(durations_s + pauses_s)
    n_fit = int(np.searchsorted(ends_s, duration_s))
    return (ends_s - durations_s - pauses_s)[:n_fit], durations_s[:n_fit]


def _syllables(
    rng: np.random.Generator, durations_s: DoubleArray, sample_rate_hz: int, *, sex: int
) -> DoubleArray:
    """Return the syllables (k, n): voiced and hissing excitation through vowel and fricative."""
    n_fft = fft.next_fast_len(round(1.2 * _SYLLABLE_S[1] * sample_rate_hz), real=True)
    share = np.arange(n_fft) / sample_rate_hz / durations_s[:, np.newaxis]
    rise = np.where(share < 1, np.sin(np.pi * np.minimum(share, 1)) ** 2, 0.0)
    hiss_rise = np.where(share < 0.3, np.sin(np.pi * np.minimum(share, 0.3) / 0.3) ** 2, 0.0)
    hissing = _HISS_LEVEL * (rng.random((len(share), 1)) < _HISS_SHARE)
    voiced = fft.rfft(rise * _pulses(rng, share * durations_s[:, np.newaxis], sample_rate_hz, sex))
    hiss = fft.rfft(hiss_rise * hissing * rng.standard_normal(share.shape))
    frequency_hz = fft.rfftfreq(n_fft, 1 / sample_rate_hz)
    vowels = _vowel_gains(frequency_hz, _FORMANT_SCALE[sex])
    voiced *= vowels[rng.integers(len(vowels), size=len(share))]
    hiss *= 1 / (1 + (_HISS_FROM_HZ / np.maximum(frequency_hz, 1.0)) ** 4)
    return np.asarray(fft.irfft(voiced + hiss, n_fft))


def _pulses(
    rng: np.random.Generator, time_s: DoubleArray, sample_rate_hz: int, sex: int
) -> DoubleArray:
    """Return pulse trains (k, n) of unit power whose pitch glides by up to 15% a syllable."""
    n_syllables = len(time_s)
    pitch_hz = rng.uniform(*_PITCH_HZ[sex]) * rng.uniform(0.85, 1.15, (n_syllables, 1))
    glide_per_s = rng.uniform(-0.6, 0.6, (n_syllables, 1))
    phase = pitch_hz * time_s * (1 + glide_per_s / 2 * time_s) + rng.random((n_syllables, 1))
    beats = np.diff(np.floor(phase), axis=1, append=np.floor(phase[:, -1:]))
    return np.asarray(beats * np.sqrt(sample_rate_hz / pitch_hz))


def _vowel_gains(frequency_hz: DoubleArray, formant_scale: float) -> NDArray[np.float64]:
    """Return the gains (vowels, m) of three formant resonators in cascade, 0 dB at their mean."""
    formants = _VOWELS_HZ[:, :, np.newaxis] * formant_scale
    width = _FORMANT_WIDTH_HZ[:, np.newaxis]
    resonators = formants**2 / np.sqrt(
        (formants**2 - frequency_hz**2) ** 2 + (width * frequency_hz) ** 2
    )
    gains = np.prod(resonators, axis=1)
    return np.asarray(gains / np.sqrt(np.mean(gains**2, axis=1, keepdims=True)))


def _with_speech_spectrum(tracks: DoubleArray, sample_rate_hz: int) -> DoubleArray:
    """Return ``tracks`` filtered, all alike, so that their mean spectrum is that of speech."""
    spectra = fft.rfft(tracks)
    frequency_hz = fft.rfftfreq(tracks.shape[1], 1 / sample_rate_hz)
    highest_hz = sample_rate_hz / 2 / 2 ** (1 / 6)
    wanted_db = {hz: level for hz, level in SPEECH_SPECTRUM_DB.items() if hz < highest_hz}
    octaves = np.log2(list(wanted_db))
    edges = np.searchsorted(frequency_hz, 2 ** np.add.outer(octaves, [-1 / 6, 1 / 6]))
    spectra[:, : edges[0, 0]] = 0  # pulses have a mean, speech has not
    power = np.mean(np.abs(spectra) ** 2, axis=0)
    along = np.log2(np.maximum(frequency_hz, 1.0))
    gain = np.ones(len(frequency_hz))
    for _ in range(_N_SPECTRUM_STEPS):
        band_power = [np.sum((power * gain**2)[low:high]) for low, high in edges]
        gain_db = np.array(list(wanted_db.values())) - 10 * np.log10(band_power)
        gain *= 10 ** (np.interp(along, octaves, gain_db) / 20)
    return np.asarray(fft.irfft(spectra * gain, tracks.shape[1]))
