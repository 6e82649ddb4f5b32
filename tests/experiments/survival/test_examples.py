"""Examples and indexes of a small corpus: deterministic, whole, and fair to the queries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from experiments import testbed
from experiments.corpora import corpus
from experiments.degradations.presets import conditions
from experiments.survival import rival_index
from experiments.survival.examples import Examples, Gathering, described, gather
from experiments.survival.features import NAMES
from experiments.survival.models import Score, fit_height, height
from experiments.trial import Plan, stage_cache
from fpcore.config import Profile
from fpcore.profiles import load_profile
from fpcore.store import open_store
from tests.experiments import small

PLAN = Plan(
    conditions(["clean", "pink-m5db"]), (5.0,), 6, 2, calibration_share=1.0, left_out_share=0.25
)


@pytest.fixture(scope="module")
def gathering(workbench: Path) -> Gathering:
    music = corpus(small.CORPUS)
    return Gathering(music, quick(), PLAN.conditions, {}, stage_cache(), n_excerpts=1)


@pytest.fixture(scope="module")
def examples(gathering: Gathering) -> Examples:
    return gather(gathering, gathering.corpus.tracks, n_jobs=1)


def quick() -> Profile:
    profile = load_profile("balanced")
    query = profile.query.model_copy(update={"thorough": None, "playback": None})
    return profile.model_copy(update={"query": query})


def test_clean_copies_keep_the_high_peaks_and_noise_takes_some(
    gathering: Gathering, examples: Examples
) -> None:
    assert examples.conditions == ("clean", "pink-m5db")
    high = examples.description[:, 0] > np.median(examples.description[:, 0])
    clean, noisy = examples.found[high].mean(axis=0)
    assert clean > 0.9 > noisy > 0.1


def test_windows_are_those_of_one_excerpt_alone(gathering: Gathering, examples: Examples) -> None:
    for window in np.unique(examples.window):
        assert len(set(examples.work[examples.window == window])) == 1
    n_excerpts = len(gathering.corpus.tracks)
    assert len(np.unique(examples.window)) == pytest.approx(20 * n_excerpts, abs=n_excerpts)


def test_examples_do_not_depend_on_the_tracks_beside_nor_on_the_jobs(
    gathering: Gathering, examples: Examples
) -> None:
    track = gathering.corpus.tracks[1]
    alone = gather(gathering, [track], n_jobs=2)
    rows = examples.work == track.work
    np.testing.assert_array_equal(alone.description, examples.description[rows])
    np.testing.assert_array_equal(alone.found, examples.found[rows])


def test_the_whole_song_is_described_with_the_height_that_peaks_are_picked_by(
    gathering: Gathering,
) -> None:
    config = gathering.profile.fingerprint
    track = gathering.corpus.tracks[0]
    signal = gathering.cache.signal(gathering.corpus, track, config)
    maxima, description = described(signal, config)
    usual = gathering.cache.song_maxima(gathering.corpus, track, config)
    np.testing.assert_array_equal(maxima.frame, usual.frame)
    np.testing.assert_array_equal(height(description), usual.level_db)
    assert description.shape == (len(usual), len(NAMES))


def test_thinned_by_height_an_index_is_the_usual_one(gathering: Gathering, tmp_path: Path) -> None:
    bench = PLAN.bench(gathering.corpus, quick(), tmp_path / "usual.db")
    other = replace(bench, database=tmp_path / "rival.db")
    tracks = gathering.corpus.tracks[:2]
    testbed.build_index(bench, tracks, n_jobs=1)
    n_postings = rival_index.build_index(other, tracks, height, n_jobs=1)
    with (
        open_store(bench.database, None) as usual,
        open_store(other.database, None) as rival,
    ):
        assert n_postings == rival.stats().n_postings == usual.stats().n_postings
        for song in usual.songs():
            its, the_others = usual.constellation(song.id), rival.constellation(song.id)
            np.testing.assert_array_equal(its.bin, the_others.bin)
            np.testing.assert_array_equal(its.paired, the_others.paired)


def test_no_song_is_asked_about_whose_peaks_the_score_was_fitted_on(
    gathering: Gathering, examples: Examples, tmp_path: Path
) -> None:
    parts = PLAN.split(gathering.corpus)
    queries = PLAN.queries(parts, "calibration")
    asked: list[set[str]] = []
    learned: list[set[str]] = []

    def spy(of: Examples, rows: NDArray[np.intp]) -> Score:
        learned.append(set(of.work[rows].tolist()))
        return fit_height(of, rows)

    found = rival_index.ask(
        PLAN.bench(gathering.corpus, quick(), tmp_path),
        parts,
        queries,
        examples=examples,
        fit=spy,
        n_jobs=1,
    )
    works = {query.track.work for query in queries}
    first = rival_index.first_half(sorted(works), seed=PLAN.seed)
    asked = [set(first), works - first]
    assert all(of.isdisjoint(about) for of, about in zip(learned, asked, strict=True))
    assert sorted(found.answers.outcomes["query"]) == sorted(query.id for query in queries)
    clean = found.answers.outcomes.query("condition == 'clean' and indexed")
    assert clean["right"].all()


def test_halves_are_even_and_follow_from_the_seed() -> None:
    works = [f"work {i}" for i in range(9)]
    half = rival_index.first_half(works, seed=1)
    assert len(half) == 4
    assert half == rival_index.first_half(works[::-1] + works, seed=1)
    assert half != rival_index.first_half(works, seed=2)


def outcomes(right: list[bool], condition: list[str]) -> pd.DataFrame:
    n = len(right)
    return pd.DataFrame(
        {
            "start_s": 0.0,
            "query": [f"q{i}" for i in range(n)],
            "work": [f"w{i % 3}" for i in range(n)],
            "condition": condition,
            "indexed": True,
            "right": right,
            "probability": 0.5,
            "same_passage": True,
            "offset_error_s": 0.0,
        }
    )


def test_compares_over_all_queries_and_within_each_condition() -> None:
    condition = ["clean"] * 6 + ["noise"] * 6
    by_height = outcomes([True] * 6 + [False] * 6, condition)
    by_score = outcomes([True] * 6 + [True] * 3 + [False] * 3, condition)
    found = rival_index.compared((by_height, 0.4), (by_score, 0.4), metric="top1", seed=0)
    assert list(found) == ["all", "clean", "noise"]
    gains = {name: (one.n, one.difference) for name, one in found.items()}
    assert gains == {"all": (12, 0.25), "clean": (6, 0.0), "noise": (6, 0.5)}
    strict = rival_index.compared(
        (by_height, 0.4), (by_score, 0.6), metric="accepted_right", seed=0
    )
    assert strict["clean"].difference == -1.0
