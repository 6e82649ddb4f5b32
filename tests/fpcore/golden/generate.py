"""Writes the golden fingerprints: ``python -m tests.fpcore.golden.generate``.

Run it only together with a raised `fpcore.config.ALGORITHM_VERSION`, or when the signal or the
two configurations in `tests.fpcore.synthetic` change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fpcore import pipeline
from fpcore.config import ALGORITHM_VERSION, FingerprintConfig
from tests.fpcore.synthetic import CLASSIC, LEAN, plucked_notes

CONFIGS: dict[str, FingerprintConfig] = {"classic": CLASSIC, "lean": LEAN}


def path(name: str) -> Path:
    """Return where the golden fingerprint of a configuration lies."""
    return Path(__file__).with_name(f"{name}.npz")


def signal() -> np.ndarray:
    """Return the six seconds of notes that the golden fingerprints are of.

    No song of a corpus: those may sound otherwise one day, and the golden fingerprints stay.
    """
    return plucked_notes(6.0, 22050, seed=2003)


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
