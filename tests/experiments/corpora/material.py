"""Tones as files, and tracks that need no file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console

from experiments.corpora import Corpus, Track

RATE_HZ = 8000


QUIET = Console(quiet=True)

OpenCorpus = Callable[[str], Corpus]
"""Prepares a corpus by its name, in a cache of a test's own."""


def write_tone(path: Path, *, hz: float = 440.0, duration_s: float = 1.0) -> Path:
    """Write a WAV file with a sine of a third of full scale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    soundfile.write(path, np.sin(2 * np.pi * hz * time_s) / 3, RATE_HZ)
    return path


def track(track_id: str, *, content: str = "", work: str = "") -> Track:
    """Return a track whose checksum is made of ``content``, by default its id."""
    return Track(
        id=track_id,
        group="g",
        path=f"{track_id}.wav",
        checksum=content or track_id,
        duration_s=1.0,
        work=work or track_id,
    )
