"""Profiles of this project as systems under comparison.

Scores are probabilities, from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.studies.peers.contract import INDEX, NO_ANSWER, Answer, warm_up_noise
from fpcore import Library, audio, pipeline
from fpcore.bulk import learn
from fpcore.bulk.learn import BATCH_SONGS
from fpcore.config import ALGORITHM_VERSION, Profile
from fpcore.records import FloatArray
from fpcore.store import Entry, NewSong

FAMILY = "this workbench"


@dataclass(frozen=True)
class WorkbenchSpec:
    """A profile as a system."""

    profile: Profile

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.profile.name

    @property
    def family(self) -> str:
        """Family of all profiles."""
        return FAMILY

    def describe(self) -> dict[str, Any]:
        """Return the whole profile and the version of the pipeline, as JSON."""
        profile = self.profile.model_dump(mode="json")
        return {"family": FAMILY, "version": str(ALGORITHM_VERSION), "profile": profile}

    def check(self) -> None:
        """Return: a profile that could be loaded runs everywhere."""

    def open(self, folder: Path) -> Workbench:
        """Open the index in a folder, making it when there is none."""
        database = folder / INDEX / "songs.db"
        database.parent.mkdir(parents=True, exist_ok=True)
        return Workbench(Library.open(database, self.profile, create=True))


class Workbench:
    """A library; songs are written in batches of the size that `fpcore.bulk.learn` takes."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._config = library.profile.fingerprint
        self._waiting: list[Entry] = []

    def songs(self) -> frozenset[str]:
        """Return the names of the songs that are on the disk."""
        return frozenset(song.name for song in self._library.store.songs())

    def warm_up(self) -> None:
        """Load the compiled loops."""
        pipeline.fingerprint([warm_up_noise(self._config.sample_rate_hz)], self._config)

    def decode(self, path: Path) -> FloatArray:
        """Return the samples of a file at the profile's rate, float32 (n,)."""
        config = self._config
        rate_hz = config.sample_rate_hz
        return audio.load(path, sample_rate_hz=rate_hz, resampler=config.resampler).samples

    def learn(self, name: str, samples: FloatArray) -> None:
        """Fingerprint a song, and write the batch that it fills.

        Raises
        ------
        AudioError
            When it gives no fingerprint.
        """
        found = learn.checked(pipeline.fingerprint([samples], self._config), name)
        song = NewSong(name, name, found.duration_s)
        self._waiting.append((song, found.hashes, found.constellation))
        if len(self._waiting) == BATCH_SONGS:
            self._write()

    def _write(self) -> None:
        self._library.store.add_songs(self._waiting)
        self._waiting = []

    def save(self) -> int:
        """Write the last batch and return the number of postings."""
        self._write()
        return self._library.store.stats().n_postings

    def ask(self, path: Path) -> Answer:
        """Return which song the recording in a file is of."""
        found = self._library.recognize(path)
        if not found.candidates:
            return NO_ANSWER
        best = found.candidates[0]
        return Answer(
            best.song_name,
            best.probability,
            accepted=found.match is not None,
            offset_s=best.offset_s,
        )

    def close(self) -> None:
        """Close the library."""
        self._library.close()
