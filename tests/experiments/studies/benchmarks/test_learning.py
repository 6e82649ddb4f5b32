"""The benchmark of learning, on an index of a few songs: what it measures, and what it leaves."""

from __future__ import annotations

import math

import pytest

from experiments.corpora import Corpus
from experiments.folders import cache_folder
from experiments.studies.benchmarks import learning
from fpcore.profiles import load_profile
from fpcore.store import LayoutName


@pytest.mark.parametrize("layout", ["segments", "classic"])
def test_time_and_bytes_are_measured_at_each_size(
    source: Corpus, monkeypatch: pytest.MonkeyPatch, layout: LayoutName
) -> None:
    for name, n in {"N_REAL": 2, "N_ONE": 2, "N_BATCHED": 4, "SONG_S": 5.0}.items():
        monkeypatch.setattr(learning, name, n)
    told: list[str] = []
    figures = list(
        learning.measure(source, load_profile("balanced"), (0, 8), layout=layout, show=told.append)
    )
    assert all(math.isfinite(figure.value) and figure.value > 0 for figure in figures)
    assert len({figure.name for figure in figures}) == len(figures) == 2 * 5 + 3
    written = [figure for figure in figures if figure.unit == "MB"]
    assert all(figure.reach == 1.5 for figure in written)
    assert "Learning among 8 songs" in told
    assert not list(cache_folder().glob("bench-learn-*"))
