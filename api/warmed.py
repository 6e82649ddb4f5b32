"""Imported once by the process that the decoding processes are forked from.

Importing it loads the decoders and runs the pipeline once, so that every process, a replacement
too, starts with all compiled code at hand and shares its memory.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile

from fpcore import pipeline
from fpcore.audio import load, pyav_decoder
from fpcore.config import FingerprintConfig, QueryConfig
from fpcore.profiles import load_profile

__all__ = ["noise_query", "pyav_decoder"]


def noise_query(config: FingerprintConfig, query: QueryConfig) -> pipeline.Query:
    """Return what the pipeline makes of two seconds of noise in a WAV file."""
    noise = np.random.default_rng(0).standard_normal(2 * 44_100).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, noise / 8, 44_100, format="WAV", subtype="PCM_16")
    signal = load(file, sample_rate_hz=config.sample_rate_hz, resampler=config.resampler)
    pipeline.fingerprint([signal.samples], config)
    return pipeline.query(signal, config, query)


_profile = load_profile()
noise_query(_profile.fingerprint, _profile.query)
