"""Warm-up: two seconds of noise through the pipeline, which loads all compiled code."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from fpcore import pipeline
from fpcore.audio import load
from fpcore.config import FingerprintConfig, QueryConfig


def noise_query(config: FingerprintConfig, query: QueryConfig) -> pipeline.QueryFingerprint:
    """Return what the pipeline makes of two seconds of noise in a WAV file."""
    noise = np.random.default_rng(0).standard_normal(2 * 44_100).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, noise / 8, 44_100, format="WAV", subtype="PCM_16")
    signal = load(file, sample_rate_hz=config.sample_rate_hz, resampler=config.resampler)
    pipeline.fingerprint([signal.samples], config)
    return pipeline.query(signal, config, query)
