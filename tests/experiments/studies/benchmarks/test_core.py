"""The benchmark of the core, on an index of a few songs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from experiments.corpora import Corpus
from experiments.studies.benchmarks import core
from experiments.studies.benchmarks.core import Figure, median_s
from fpcore.profiles import load_profile

PROFILE = load_profile("balanced")
N_POSTINGS = 100_000


@pytest.mark.parametrize(
    ("value", "reach", "at_least", "reached"),
    [
        (3.0, None, False, None),
        (3.0, 3.0, False, True),
        (3.1, 3.0, False, False),
        (3.0, 3.0, True, True),
        (2.9, 3.0, True, False),
    ],
)
def test_a_figure_is_reached_from_its_side(
    value: float, reach: float | None, at_least: bool, reached: bool | None
) -> None:
    assert Figure("time", value, "ms", reach, at_least).reached is reached


def test_the_first_run_of_an_action_does_not_count() -> None:
    calls = []
    assert median_s(lambda: calls.append(len(calls)), repeats=3) >= 0
    assert calls == [0, 1, 2, 3]


def test_fingerprinting_and_learning_are_set_against_real_time(source: Corpus) -> None:
    track = source.tracks[0]
    found = core.fingerprint_speed(source, track, PROFILE, 1500)
    assert (found.unit, found.reach, found.at_least) == ("× real time", 1500, True)
    # A track of 40 s takes neither a second nor a microsecond.
    assert track.duration_s < found.value < 1e6 * track.duration_s
    learned = core.ingest_speed(source, PROFILE)
    assert learned.name.startswith("decode + fingerprint 8 files of generated:8, one core")
    assert learned.value > 1


def test_an_index_of_real_songs_among_synthetic_ones_is_measured(
    source: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"N_SONGS": 9, "N_CLIPS": 1}.items():
        monkeypatch.setattr(core, name, value)
    told: list[str] = []
    found = list(core.index_figures(source, PROFILE, tmp_path, told.append, N_POSTINGS))
    assert all(math.isfinite(figure.value) and figure.value > 0 for figure in found)
    promised = [(figure.unit, figure.reach) for figure in found]
    assert promised == [
        ("ms", 30), ("ms", 250), ("k postings/s", None), ("bytes", 18), ("bytes", 27),
        ("ms", 15), ("ms", 150),
    ]  # fmt: skip
    assert "9 songs" in found[0].name
    assert all(" M postings" in figure.name for figure in found[3:])
    assert told[-1].startswith("Filling the index, ")
