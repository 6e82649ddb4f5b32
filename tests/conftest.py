"""Fixtures that tests of every package share."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import audio_files

# Shells start background jobs with SIGINT ignored, and children inherit that: Ctrl-C would then
# reach none of the commands that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def make_audio(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes noisy tones as a kind of file and returns its path."""

    def make(
        kind: str,
        *,
        duration_s: float = 3.0,
        sample_rate_hz: int = 48_000,
        n_channels: int = 2,
        seed: int = 0,
    ) -> Path:
        samples = audio_files.noisy_tones(
            duration_s, sample_rate_hz, n_channels=n_channels, seed=seed
        )
        return audio_files.write(tmp_path / kind, samples, sample_rate_hz, kind=kind)

    return make
