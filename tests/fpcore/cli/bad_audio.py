"""Files that are no sound audio, and what the complaint about each says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from tests import audio_files
from tests.fpcore.cli.material import RATE_48_HZ, write_wav


def _write_truncated_flac(path: Path) -> None:
    whole = path.with_name("whole.tmp")
    samples = audio_files.noisy_tones(10.0, 44_100)
    audio_files.write_sound(whole, samples, 44_100, container="FLAC", subtype="PCM_16")
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    whole.unlink()


def _write_nan(path: Path) -> None:
    samples = audio_files.noisy_tones(3.0, 44_100)
    samples[60_000] = np.nan
    soundfile.write(path, samples, 44_100, format="WAV", subtype="FLOAT")


def _write_samples(path: Path, n_samples: int) -> None:
    write_wav(path, np.zeros((n_samples, 1), np.float32))


BAD_AUDIO: dict[str, tuple[Callable[[Path], object], str]] = {
    "text.wav": (lambda path: path.write_text("no audio at all\n" * 50), "not audio"),
    "truncated.flac": (_write_truncated_flac, "cut"),
    "empty.mp3": (lambda path: path.write_bytes(b""), "empty"),
    "no samples.wav": (lambda path: _write_samples(path, 0), "no samples"),
    "not numbers.wav": (_write_nan, "not finite numbers"),
    "playlist.ogg": (lambda path: path.write_text("#EXTM3U\n/etc/passwd\n"), "not audio"),
    "ten hours.flac": (
        lambda path: path.write_bytes(audio_files.silent_flac(36_000, 22_050)), "longer than 4 h",
    ),
    "silence.wav": (lambda path: _write_samples(path, 5 * RATE_48_HZ), "silent"),
}  # fmt: skip
"""File name -> (how it is written, what the complaint about it says)."""


UNUSABLE_ONLY_AS_A_WHOLE = {"ten hours.flac", "silence.wav", "truncated.flac", "not numbers.wav"}
"""As a recording, what there is of these, or its first minute, is a fine one of nothing."""
