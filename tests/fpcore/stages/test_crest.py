"""How far a recording's peaks stand out: noise lowers it, loudness does not."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore import pipeline
from fpcore.config import Profile
from fpcore.profiles import load_profile
from fpcore.records import Peaks, Signal
from fpcore.stages.crest import crest_db
from fpcore.stages.peaks import EMPTY
from fpcore.units import LEVEL_STEP_DB
from tests.fpcore import indexed
from tests.fpcore.synthetic import over_noise

PROFILES = [load_profile("balanced"), load_profile("seed")]


def _crest_db(signal: Signal, profile: Profile) -> float:
    return pipeline.hear(signal, profile.fingerprint, profile.query).crest_db


def test_it_is_the_median_of_the_highest_peaks_above_the_mean() -> None:
    levels = np.array([30, 1, 20, 2, 40, 3], np.float32)
    place = np.arange(6, dtype=np.int32)
    maxima = Peaks.on_bins(place, place, levels)
    heights = np.full((5, 4), 2.0, np.float32)
    assert crest_db(heights, maxima, 0.3) == 30.0 - 2.0  # of the three highest
    assert crest_db(heights, maxima, 99.0) == 11.5 - 2.0  # of all
    assert crest_db(heights, maxima, 0.0) == 40.0 - 2.0  # of the highest
    assert crest_db(heights, EMPTY, 5.0) == 0.0


def test_the_mean_of_a_long_recording_is_exact() -> None:
    """Levels are whole steps, which a sum in double precision does not round."""
    steps = np.random.default_rng(4).integers(-90 * 1024, 1, (3000, 40))
    place = np.zeros(1, np.int32)
    maxima = Peaks.on_bins(place, place, np.zeros(1, np.float32))
    heights = (steps * LEVEL_STEP_DB).astype(np.float32)
    mean_db = int(steps.sum()) * LEVEL_STEP_DB / steps.size
    assert crest_db(heights, maxima, 1.0) == -mean_db


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_noise_lowers_it_and_loudness_does_not(profile: Profile) -> None:
    clean = Signal(over_noise(indexed.part(1, 5.0, 5.0), 1), indexed.RATE_HZ)
    loud = Signal(clean.samples * np.float32(4), clean.sample_rate_hz)
    hiss = np.random.default_rng(0).standard_normal(len(clean.samples)).astype(np.float32)
    hiss *= np.sqrt(np.mean(clean.samples**2))
    noisy = [
        Signal(clean.samples + np.float32(10 ** (-snr_db / 20)) * hiss, clean.sample_rate_hz)
        for snr_db in (20, 10, 0, -10)
    ]
    crest = [_crest_db(signal, profile) for signal in (clean, *noisy)]
    assert crest == sorted(crest, reverse=True)
    assert crest[0] > crest[-1] + 5
    # Twelve dB louder, what was faintest rises a little above the floor of levels.
    assert _crest_db(loud, profile) == pytest.approx(crest[0], abs=1)
