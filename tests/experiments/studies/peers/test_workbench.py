"""Profiles as systems under comparison: what they are called, and when songs are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.studies.peers.contract import INDEX, NO_ANSWER
from experiments.studies.peers.workbench import FAMILY, Workbench, WorkbenchSpec
from fpcore import Library
from fpcore.bulk.learn import BATCH_SONGS
from fpcore.errors import AudioError
from fpcore.profiles import load_profile
from fpcore.records import FloatArray

BALANCED = load_profile("balanced")
RATE_HZ = BALANCED.fingerprint.sample_rate_hz


def sound(number: int, duration_s: float = 2.0) -> FloatArray:
    """Return noise that sounds like no other."""
    rng = np.random.default_rng(number)
    return (0.1 * rng.standard_normal(round(duration_s * RATE_HZ))).astype(np.float32)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Workbench]:
    system = WorkbenchSpec(BALANCED).open(tmp_path)
    yield system
    system.close()


def test_a_profile_is_a_system_of_its_name_and_tells_all_of_itself() -> None:
    spec = WorkbenchSpec(BALANCED)
    assert (spec.name, spec.family) == ("balanced", FAMILY)
    assert spec.describe()["profile"] == BALANCED.model_dump(mode="json")


def test_songs_are_written_when_a_batch_is_full_or_all_is_saved(system: Workbench) -> None:
    for number in range(BATCH_SONGS - 1):
        system.learn(f"song {number}", sound(number))
    assert system.songs() == frozenset()
    system.learn("the last of a batch", sound(98))
    assert len(system.songs()) == BATCH_SONGS
    system.learn("one more", sound(99))
    assert len(system.songs()) == BATCH_SONGS
    assert system.save() > 0
    assert len(system.songs()) == BATCH_SONGS + 1


def test_a_song_without_a_fingerprint_is_refused_by_its_name(system: Workbench) -> None:
    with pytest.raises(AudioError, match=r"^silence: its 2\.0 s of audio give no fingerprint"):
        system.learn("silence", np.zeros(2 * RATE_HZ, np.float32))


def test_an_empty_index_names_nobody(system: Workbench, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clip.wav", sound(0), RATE_HZ)
    assert system.ask(tmp_path / "clip.wav") == NO_ANSWER


def test_an_answer_is_that_of_the_library(system: Workbench, tmp_path: Path) -> None:
    for number in range(3):
        system.learn(f"song {number}", sound(number, 10.0))
    system.save()
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, sound(1, 10.0)[2 * RATE_HZ : 8 * RATE_HZ], RATE_HZ)
    found = system.ask(clip)
    with Library.open(tmp_path / INDEX / "songs.db", BALANCED) as library:
        best = library.recognize(clip).candidates[0]
    assert (found.song, found.score, found.offset_s) == ("song 1", best.probability, best.offset_s)
    assert found.offset_s == pytest.approx(2.0, abs=0.05)
