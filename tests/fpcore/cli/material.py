"""Music for the command to learn, and recordings of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from experiments.corpora.generated import song
from experiments.corpora.synthesis.instruments import RATE_HZ
from fpcore.profiles import load_profile
from tests import audio_files
from tests.audio_files import Samples

RATE_48_HZ = 48_000
SONG_S = 25.0

KINDS = {
    "wav": "pcm16.wav",
    "mp3": "lame.mp3",
    "m4a": "aac.m4a",
    "aac": "adts.aac",
    "flac": "pcm24.flac",
    "ogg": "vorbis.ogg",
    "opus": "opus.opus",
    "webm": "opus.webm",
}
"""Suffix -> kind of file, of every format that the project promises to read."""

SONG_KEYS = {
    "id", "name", "checksum", "duration_s", "n_fingerprints", "learned_at", "metadata",
    "complete", "stated_s", "fingerprint_checksum",
}  # fmt: skip
"""Of a song in JSON."""

STRANGER = 30
"""Index of a generated song that is never learned."""


def piece(index: int, *, start_s: float = 0.0, duration_s: float = SONG_S) -> Samples:
    """Return a part of a generated song, float32 (n, n_channels) at `RATE_48_HZ`."""
    start = round(start_s * RATE_48_HZ)
    return _whole(index)[start : start + round(duration_s * RATE_48_HZ)].clip(-1, 1)


@lru_cache(maxsize=12)
def _whole(index: int) -> Samples:
    """Return the first `SONG_S` of a generated song."""
    played = song(index)[: round(SONG_S * RATE_HZ)].astype(np.float32) / 32768
    return np.asarray(soxr.resample(played, RATE_HZ, RATE_48_HZ), np.float32)


def noisy(samples: Samples, *, snr_db: float, seed: int) -> Samples:
    """Return mono ``samples`` (n, 1) in white noise."""
    mono = samples.mean(axis=1, keepdims=True)
    noise = np.random.default_rng(seed).standard_normal(mono.shape)
    noise *= np.sqrt(np.mean(mono**2)) * 10 ** (-snr_db / 20)
    return np.asarray((0.5 * (mono + noise)).clip(-1, 1), np.float32)


def write_wav(path: Path, samples: Samples, sample_rate_hz: int = RATE_48_HZ) -> Path:
    soundfile.write(path, samples, sample_rate_hz, format="WAV", subtype="PCM_16")
    return path


def write_short_songs(folder: Path, indices: Iterable[int], *, duration_s: float) -> int:
    """Cut generated songs into short ones, and return how many there are."""
    folder.mkdir()
    n_songs = 0
    for index in indices:
        whole = piece(index).mean(axis=1, keepdims=True)
        length = round(duration_s * RATE_48_HZ)
        for start in range(0, len(whole) - length + 1, length):
            part = whole[start : start + length]
            write_wav(folder / f"{index:02d}-{start // length:02d}.wav", part)
            n_songs += 1
    return n_songs


@dataclass(frozen=True, slots=True)
class Music:
    """A folder of songs, one of each of `KINDS`, and the index of each by its name."""

    folder: Path
    indices: dict[str, int]

    @classmethod
    def make(cls, folder: Path) -> Music:
        folder.mkdir()
        indices = {}
        for index, (suffix, kind) in enumerate(KINDS.items()):
            name = f"song in {suffix}"
            audio_files.write(folder / f"{name}.{suffix}", piece(index), RATE_48_HZ, kind=kind)
            indices[name] = index
        return cls(folder, indices)


def profile_file(path: Path, **changed: Any) -> Path:
    """Write the profile ``balanced`` with fields changed, and return its path."""

    def merge(tree: dict[str, Any], changes: dict[str, Any]) -> None:
        for key, value in changes.items():
            if isinstance(value, dict):
                merge(tree[key], value)
            else:
                tree[key] = value

    tree = load_profile("balanced").model_dump(mode="json")
    merge(tree, changed)
    path.write_text(json.dumps(tree))
    return path
