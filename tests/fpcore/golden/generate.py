"""Writes the golden fingerprints: ``python -m tests.fpcore.golden.generate``.

Run it only together with a raised `fpcore.config.ALGORITHM_VERSION`, or when the signal or the
two configurations in `tests.fpcore.synthetic` change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fpcore import pipeline
from fpcore.config import ALGORITHM_VERSION, FingerprintConfig
from tests.fpcore.synthetic import CLASSIC, LEAN, integer_noise

RATE_HZ = 22050

CONFIGS: dict[str, FingerprintConfig] = {"classic": CLASSIC, "lean": LEAN}


def path(name: str) -> Path:
    """Return where the golden fingerprint of a configuration lies."""
    return Path(__file__).with_name(f"{name}.npz")


def signal() -> np.ndarray:
    """Return six seconds of plucked notes over faint noise, the same on every machine for ever.

    No song of a corpus: those may sound otherwise one day, and the golden fingerprints stay.
    """
    n_samples, seed = 6 * RATE_HZ, 2003
    samples = 0.003 * integer_noise(n_samples, seed)
    choice = integer_noise(12 * 6 * 4, seed + 1_000_003) / 2 + 0.5
    for n_note, (when, pitch, loudness, decay) in enumerate(choice.reshape(-1, 4)):
        start = round((n_note + when) / 12 * RATE_HZ)
        length = min(round(0.8 * RATE_HZ), n_samples - start)
        if length <= 0:
            continue
        t_s = np.arange(length) / RATE_HZ
        hz = 110 * 2 ** (np.floor(pitch * 48) / 12)
        overtones = sum(np.sin(2 * np.pi * hz * k * t_s) / k for k in range(1, 6))
        envelope = np.minimum(t_s * 200, 1) * np.exp(-t_s * (3 + 9 * decay))
        samples[start : start + length] += 0.05 * (1 + loudness) * overtones * envelope
    return samples.astype(np.float32)


def main() -> None:
    """Write a file for each configuration."""
    for name, config in CONFIGS.items():
        found = pipeline.fingerprint([signal()], config)
        np.savez_compressed(
            path(name),
            algorithm=np.int64(ALGORITHM_VERSION),
            digest=np.array(config.digest),
            token=found.hashes.token,
            token_frame=found.hashes.frame,
            frame=found.constellation.frame,
            bin=found.constellation.bin,
            level_db=found.constellation.level_db,
        )


if __name__ == "__main__":
    main()
