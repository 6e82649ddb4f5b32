"""Protection of promotion: what is clearly worse on the test songs is told, chance is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.metrics.paired import compare, points
from experiments.seeds import seeded_rng
from experiments.sweeps.protection import answers_alike, objections
from fpcore.profiles import load_profile

BASE = load_profile("balanced")
PROMOTED = BASE.model_copy(update={"name": "mine"})
SURE, UNSURE = 0.99, 0.01


def _rows(accepted: int, *, right: int = 100, named: int = 0, n: int = 100) -> pd.DataFrame:
    """Return rows of ``n`` indexed and ``n`` unknown songs, each of a work of its own.

    Of the indexed ones ``right`` have the right song first, and ``accepted`` of them are accepted;
    of the unknown ones ``named`` are given a name.
    """
    numbers = np.arange(2 * n)
    indexed = numbers < n
    sure = np.where(indexed, numbers < accepted, numbers - n < named)
    return pd.DataFrame(
        {
            "query": [f"q{number}" for number in numbers],
            "work": [f"w{number}" for number in numbers],
            "start_s": 0.0,
            "indexed": indexed,
            "right": indexed & (numbers < right),
            "same_passage": indexed,
            "offset_error_s": 0.0,
            "probability": np.where(sure, SURE, UNSURE),
        }
    )


def test_what_is_as_good_as_its_base_meets_no_objection() -> None:
    assert objections(PROMOTED, BASE, _rows(97), _rows(97)) == []
    assert objections(PROMOTED, BASE, _rows(97, named=1), _rows(98)) == []


def test_clearly_fewer_right_answers_are_an_objection() -> None:
    [found] = objections(PROMOTED, BASE, _rows(85), _rows(98))
    assert "85.0% of 100 test queries against 98.0% under balanced" in found


def test_an_objection_tells_the_interval_which_is_the_same_every_time() -> None:
    # Works of many sizes, so that hardly two draws of works have the same mean.
    works = [f"w{number // 7 if number % 3 else number}" for number in range(200)]
    worse, base = (_rows(accepted).assign(work=works) for accepted in (70, 98))
    [found] = objections(PROMOTED, BASE, worse, base)
    both = (BASE.decision.threshold, PROMOTED.decision.threshold)
    drawn = compare(base, worse, thresholds=both, rng=seeded_rng(0, "promotion"))
    assert f"95% interval {points(drawn.low)} to {points(drawn.high)})" in found
    other = compare(base, worse, thresholds=both, rng=seeded_rng(1, "promotion"))
    assert (points(other.low), points(other.high)) != (points(drawn.low), points(drawn.high))


def test_clearly_more_named_strangers_are_an_objection() -> None:
    [found] = objections(PROMOTED, BASE, _rows(98, named=10), _rows(98, named=1))
    assert found.startswith("given a name, although the song is not indexed: 10.0%")


def test_a_decision_that_rejects_what_it_finds_is_an_objection_though_the_base_does_too() -> None:
    [found] = objections(PROMOTED, BASE, _rows(40), _rows(40))
    assert "60.0% of the 100 test queries find the right song and are rejected" in found


def test_songs_that_are_not_found_at_all_are_no_broken_decision() -> None:
    assert objections(PROMOTED, BASE, _rows(40, right=42), _rows(40, right=42)) == []


@pytest.mark.parametrize(
    ("part", "change", "alike"),
    [
        ("decision", {"calibration": "of another corpus"}, True),
        ("decision", {"threshold": BASE.decision.threshold + 1e-12}, True),
        ("decision", {"threshold": BASE.decision.threshold + 1e-6}, False),
        ("decision", {"n_songs": 3}, False),
        ("decision", {"weights": {**BASE.decision.weights, "found": 0.0}}, False),
        ("query", {"n_shifts": 1}, False),
        ("fingerprint", {"token": "text"}, False),
    ],
)
def test_profiles_answer_alike_when_they_search_and_weigh_alike(
    part: str, change: dict[str, object], alike: bool
) -> None:
    other = PROMOTED.model_copy(update={part: getattr(BASE, part).model_copy(update=change)})
    assert answers_alike(other, BASE) == alike
