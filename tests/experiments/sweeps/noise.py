"""A corpus of one recording of noise, for degradations to draw from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile


def write(folder: Path, seed: int) -> None:
    """Write the recording into a folder, as long whatever the seed."""
    samples = 0.1 * np.random.default_rng(seed).standard_normal(20 * 8000)
    soundfile.write(folder / "noise.wav", samples, 8000)


def folder_of(folder: Path, seed: int) -> str:
    """Make a folder that holds the recording, and return its name as a corpus."""
    folder.mkdir()
    write(folder, seed)
    return f"folder:{folder}"
