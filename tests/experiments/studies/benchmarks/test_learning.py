"""The benchmark of learning, on an index of a few songs: what it measures, and what it leaves."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from experiments.corpora import Corpus
from experiments.folders import cache_folder
from experiments.studies.benchmarks import learning
from fpcore.errors import FpError
from fpcore.profiles import load_profile
from fpcore.store import LayoutName, open_store
from tests import postgres
from tests.fpcore.store.material import bare


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


def test_the_rate_in_postgresql_is_compared_with_that_in_a_file(
    source: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, n in {"N_REAL": 2, "N_ONE": 2, "N_BATCHED": 4, "SONG_S": 5.0}.items():
        monkeypatch.setattr(learning, name, n)
    monkeypatch.setenv("FPCORE_CACHE", str(tmp_path))
    profile = load_profile("balanced")
    with postgres.database(postgres.shared()) as url:
        figures = list(learning.compared(source, profile, url, show=lambda text: None))
        assert [figure.unit for figure in figures] == ["ms", "ms", "×"] * 2
        assert all(figure.value > 0 for figure in figures)
        assert all(figure.at_least for figure in figures if figure.reach)
        with open_store(url, profile.fingerprint) as store:
            assert store.n_songs() == 0
            store.add_song(*bare("in the way"))
        with pytest.raises(FpError, match="name an empty database"):
            list(learning.compared(source, profile, url, show=lambda text: None))
        with open_store(url, profile.fingerprint) as store:
            assert store.n_songs() == 1
