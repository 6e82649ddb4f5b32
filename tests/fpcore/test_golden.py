"""Fingerprints that were computed once: no hash may change without a new algorithm version."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore import pipeline
from fpcore.config import ALGORITHM_VERSION
from fpcore.records import Spectrogram
from fpcore.stages import hashing, landmarks, peaks
from tests.fpcore import naive
from tests.fpcore.golden import generate

NAMES = list(generate.CONFIGS)


@pytest.mark.parametrize("name", NAMES)
def test_no_hash_has_changed(name: str) -> None:
    found = pipeline.fingerprint([generate.signal()], generate.CONFIGS[name])
    with np.load(generate.path(name)) as golden:
        assert golden["algorithm"] == ALGORITHM_VERSION
        assert str(golden["digest"]) == generate.CONFIGS[name].digest
        assert len(golden["token"]) > 100
        np.testing.assert_array_equal(found.hashes.token, golden["token"])
        np.testing.assert_array_equal(found.hashes.frame, golden["token_frame"])
        np.testing.assert_array_equal(found.constellation.frame, golden["frame"])
        np.testing.assert_array_equal(found.constellation.bin, golden["bin"])
        # Another machine's sine and FFT may round a level to the step beside.
        np.testing.assert_allclose(
            found.constellation.level_db, golden["level_db"], atol=2 * 2**-10
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_hashes_do_not_hang_on_the_precision_of_the_transform(name: str) -> None:
    config = generate.CONFIGS[name]
    amplitude = naive.amplitudes(generate.signal(), config)
    level_db = 20 * np.log10(np.maximum(amplitude, 10 ** (config.peaks.floor_db / 20)))
    steps = np.rint(level_db * 1024) / 1024
    exact = Spectrogram(steps.astype(np.float32), config.hop_s, config.bin_hz, 0, config.first_bin)
    found = peaks.thin(peaks.local_maxima(exact, config), config, config.peaks.max_peaks_per_s)
    tokens = hashing.hashes(landmarks.landmarks(found, config), config)
    with np.load(generate.path(name)) as golden:
        np.testing.assert_array_equal(tokens.token, golden["token"])
        np.testing.assert_array_equal(tokens.frame, golden["token_frame"])
