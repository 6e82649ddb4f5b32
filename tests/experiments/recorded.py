"""Recordings of the small corpus's songs as a microphone might have them, and their list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from experiments.corpora import Corpus

RATE_HZ = 22_050
LENGTH_S = 6.0

HEADING = "file,song,start_s,device,distance"
ROWS = (
    "phone-0.wav,song-0000,5.3,phone,1",
    "laptop-0.wav,song-0000.flac,20.7,laptop,3",
    "phone-1.wav,song-0001,,phone,3",
    "deaf-2.wav,song-0002,4.0,laptop,1",
    "mislabelled-3.wav,song-0003,4.0,phone,1",
    "stranger.wav,none,,phone,",
)
"""Of the second, the place is off by more than half a second; the last but one is of song 4."""

FAULTY = (
    "nix.wav,song-0000,,phone,1",
    "notes.wav,song-0000,,phone,1",
    "phone-0.wav,song-0000,5.3,phone,1",
)
"""A file that is missing, one without sound, and a row that was there before."""

OFF_BY_S = 1.5


def record(corpus: Corpus, folder: Path) -> Path:
    """Write the recordings into a folder and return their list, in which no row is faulty."""
    of = {
        "phone-0.wav": (0, 5.3, 0.3),
        "laptop-0.wav": (0, 20.7 + OFF_BY_S, 0.3),
        "phone-1.wav": (1, 9.0, 0.3),
        "deaf-2.wav": (2, 4.0, 300.0),
        "mislabelled-3.wav": (4, 4.0, 0.0),
    }
    rng = np.random.default_rng(7)
    for name, (number, start_s, noise) in of.items():
        path = corpus.path_of(corpus.tracks[number])
        with soundfile.SoundFile(path) as song:
            song.seek(round(start_s * song.samplerate))
            heard = song.read(round(LENGTH_S * song.samplerate), always_2d=True).mean(axis=1)
            rate_hz = song.samplerate
        heard += noise * heard.std() * rng.standard_normal(len(heard))
        soundfile.write(folder / name, 0.5 * heard / np.abs(heard).max(), rate_hz)
    pitches_hz = rng.uniform(200, 4000, (24, 1))
    notes = np.sin(2 * np.pi * pitches_hz * np.arange(RATE_HZ // 4) / RATE_HZ)
    soundfile.write(folder / "stranger.wav", 0.5 * notes.ravel(), RATE_HZ)
    (folder / "notes.wav").write_text("no sound")
    return listed(folder, "recordings.csv", ROWS)


def listed(folder: Path, name: str, rows: tuple[str, ...]) -> Path:
    """Write a list of recordings."""
    path = folder / name
    path.write_text("\n".join([HEADING, *rows, ""]))
    return path
