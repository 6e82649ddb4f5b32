"""The adapted decision: nearly the profile's on few queries, nearly the data's on many."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.calibration import adapt
from experiments.calibration.adapt import LOOSER, Adapted, adapted
from experiments.calibration.answers import ASKED, likeliest, log_odds
from experiments.calibration.fit import FITTED, fit
from experiments.calibration.thresholds import (
    HARDEST,
    Strangers,
    Tail,
    log_odds_of,
    pooled_threshold,
    stated_rate,
)
from fpcore.config import Decision, FittedOn

BASE = Decision(
    intercept=-12.0,
    weights={**dict.fromkeys(FITTED, 0.0), "rank_z": 4.0, "log_hypotheses": -1.0},
    threshold=0.6,
    calibration="on many queries",
    n_songs=171,
    false_alarm_rate=0.003,
)
RATE = 0.005


def _candidates(
    n_queries: int, *, seed: int, apart: float = 4.0, n_works: int = 12, shift: float = 0.0
) -> pd.DataFrame:
    """Return candidates of queries, of indexed songs and strangers in turn.

    The rank z of right ones lies ``apart`` above that of wrong ones; all are moved by ``shift``.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_queries):
        indexed = number % 2 == 0
        for asked_of in ("whole", "part", *(["others"] if indexed else [])):
            known = indexed and asked_of != "others"
            for rank in range(3):
                right = known and rank == 0
                evidence: dict[str, float] = dict.fromkeys(FITTED, 1.0)
                evidence["rank_z"] = float(rng.normal((apart if right else 0.0) + shift))
                evidence["found"] = float(rng.normal())
                rows.append(
                    {
                        "query": f"q{number}",
                        "condition": "clean",
                        "clip_s": 5.0,
                        "work": f"w{number % n_works}",
                        "indexed": known,
                        "asked_of": asked_of,
                        "pass": "first",
                        "rank": rank,
                        "right": right,
                        "log_hypotheses": 0.0,
                        "votes": 9,
                        **evidence,
                    }
                )
    return pd.DataFrame(rows)


def _adapted(rows: pd.DataFrame) -> Decision:
    return adapted(rows, BASE, false_alarm_rate=RATE, description="made").decision


@pytest.mark.parametrize("seed", range(5))
def test_queries_without_doubt_leave_the_weights_of_the_profile(seed: int) -> None:
    """Such are clean clips of two dozen tracks: the fit from nothing turns weights round."""
    rows = _candidates(80, seed=seed, apart=9.0)
    found = adapted(rows, BASE, false_alarm_rate=RATE, description="made")
    assert math.isinf(found.strength)
    assert found.decision.weights == BASE.weights
    assert found.decision.intercept == BASE.intercept
    alone = fit(rows, false_alarm_rate=RATE, description="made")
    assert abs(alone.weights["rank_z"] - BASE.weights["rank_z"]) > 0.3


@pytest.fixture(scope="module")
def many_doubtful() -> pd.DataFrame:
    """Return rows whose evidence tells less than the profile believes, and is all of it larger."""
    return _candidates(6000, seed=1, apart=2.0, n_works=300, shift=1.0)


@pytest.fixture(scope="module")
def by_many(many_doubtful: pd.DataFrame) -> Adapted:
    return adapted(many_doubtful, BASE, false_alarm_rate=RATE, description="made")


def test_many_doubtful_queries_move_the_decision_to_what_they_say(
    many_doubtful: pd.DataFrame, by_many: Adapted
) -> None:
    moved = by_many.decision
    alone = fit(many_doubtful, false_alarm_rate=RATE, description="made")
    assert moved.weights["rank_z"] == pytest.approx(alone.weights["rank_z"], abs=0.15)
    assert moved.weights["rank_z"] < BASE.weights["rank_z"]


def test_at_the_threshold_strangers_are_named_at_the_rate(by_many: Adapted) -> None:
    strangers = by_many.held_out[~by_many.held_out["indexed"]]
    own, profile = Strangers.of(strangers), Tail.of(BASE).carried_over(strangers)
    assert by_many.decision.threshold == pooled_threshold(own, profile, RATE)
    stated = stated_rate(own, profile, by_many.decision.threshold)
    assert stated.rate == pytest.approx(RATE, rel=0.05)


def test_in_between_the_decision_lies_in_between(by_many: Adapted) -> None:
    few = _adapted(_candidates(120, seed=3, apart=2.0, n_works=30, shift=1.0))
    low, high = sorted([by_many.decision.intercept, BASE.intercept])
    assert low <= few.intercept <= high


def test_the_hold_is_as_strong_as_works_that_were_not_seen_allow() -> None:
    """A tenth of it makes their answers no likelier, and ten times as much clearly less likely."""
    near = BASE.model_copy(update={"intercept": -5.0, "weights": {**BASE.weights, "rank_z": 2.5}})
    rows = _candidates(200, seed=4, apart=2.0, n_works=30)
    found = adapted(rows, near, false_alarm_rate=RATE, description="made")
    assert found.strength == 100
    in_parts = rows["asked_of"] == "part"  # which are left aside
    moved = rows.assign(rank_z=rows["rank_z"] + np.where(in_parts, 3.0, 0.0))
    again = adapted(moved, near, false_alarm_rate=RATE, description="made")
    assert again.strength == found.strength
    assert again.decision.intercept == found.decision.intercept
    assert again.decision.weights == found.decision.weights


def _cost(examples: pd.DataFrame, base: Decision, moved: Decision, strength: float) -> float:
    """Return what `_moved` is to make least, written plainly: improbability and penalties."""
    features = examples[list(FITTED)].to_numpy(float)
    step = np.array([moved.weights[name] - base.weights[name] for name in FITTED])
    shift = moved.intercept - base.intercept + float(step @ features.mean(axis=0))
    penalty = strength * float(((step * features.std(axis=0)) ** 2).sum()) / 2
    penalty += strength / LOOSER * shift**2 / 2
    indexed = examples["indexed"].to_numpy(bool)
    odds = log_odds(examples, moved)
    missed = np.log1p(np.exp(np.where(examples["right"], -odds, odds)))
    return float(missed[indexed].sum() + missed[~indexed].mean() * indexed.sum()) + penalty


@pytest.mark.parametrize("strength", [10.0, 1000.0])
def test_no_other_step_explains_the_answers_at_less_cost(strength: float) -> None:
    rows = _candidates(200, seed=4, apart=2.0, n_works=30)
    examples = likeliest(rows[rows["asked_of"] != "part"], BASE)
    moved = adapt._moved(examples, BASE, strength)
    least = _cost(examples, BASE, moved, strength)
    for by in (-0.02, 0.02):
        others = [moved.model_copy(update={"intercept": moved.intercept + by})]
        others += [
            moved.model_copy(update={"weights": {**moved.weights, name: moved.weights[name] + by}})
            for name in ("rank_z", "found")
        ]
        assert all(_cost(examples, BASE, other, strength) > least for other in others)


def test_evidence_that_the_profile_does_not_weigh_starts_from_nothing() -> None:
    rows = _candidates(40, seed=4, apart=2.0)
    examples = likeliest(rows[rows["asked_of"] != "part"], BASE)
    bare = BASE.model_copy(update={"weights": {"rank_z": 4.0, "log_hypotheses": -1.0}})
    by_name = adapt._moved(examples, BASE, 10.0).weights
    assert adapt._moved(examples, bare, 10.0).weights == pytest.approx(by_name)


def test_of_two_indexes_of_unknown_size_none_is_the_larger() -> None:
    assert adapt._larger(None, None) is None


def test_strangers_count_together_as_much_as_indexed_songs_where_there_are_both() -> None:
    indexed = pd.DataFrame({"indexed": [True, True, False, True, False]})
    assert adapt._counts(indexed).tolist() == [1.0, 1.0, 1.5, 1.0, 1.5]
    assert adapt._counts(indexed[indexed["indexed"]]).tolist() == [1.0] * 3
    assert adapt._counts(indexed[~indexed["indexed"]]).tolist() == [1.0] * 2


def test_unseen_answers_are_as_likely_as_the_decision_says() -> None:
    rows = _candidates(20, seed=9, apart=2.0)
    answers = likeliest(rows[rows["asked_of"] != "part"], BASE).sort_values("indexed")
    said = np.where(answers["right"], answers["probability"], 1 - answers["probability"])
    counted = np.log(said) * np.repeat([0.5, 1.0], [20, 10])  # two strangers for each song
    assert adapt._log_likelihood(answers, BASE) == pytest.approx(counted.sum())


def test_evidence_that_grew_with_the_configuration_is_made_up_for() -> None:
    """Every log-odds grew by 8: unmoved, the profile's decision would name most strangers."""
    rows = _candidates(400, seed=4, apart=4.0, n_works=40, shift=2.0)
    moved = _adapted(rows)
    fresh = _candidates(2000, seed=5, apart=4.0, n_works=100, shift=2.0)
    strangers = fresh[~fresh["indexed"]]
    named = {
        name: float((likeliest(strangers, model)["probability"] >= model.threshold).mean())
        for name, model in (("base", BASE), ("moved", moved))
    }
    assert named["base"] > 0.3
    assert named["moved"] < 0.05


def test_one_stranger_that_is_certain_to_be_a_song_locks_nothing_out() -> None:
    rows = _candidates(80, seed=6, apart=9.0)
    odd = (rows["query"] == "q1") & (rows["asked_of"] == "whole") & (rows["rank"] == 0)
    found = adapted(
        rows.assign(rank_z=rows["rank_z"].mask(odd, 30.0)),
        BASE,
        false_alarm_rate=RATE,
        description="made",
    )
    assert found.decision.threshold < 0.95
    positives = found.held_out[found.held_out["indexed"]]
    accepted = positives["right"] & (positives["probability"] >= found.decision.threshold)
    assert accepted.mean() > 0.95


def test_each_question_has_one_answer_from_a_decision_that_saw_nothing_of_its_work() -> None:
    rows = _candidates(600, seed=7, apart=2.0, n_works=30, shift=1.0)
    judged = rows["work"] == "w3"
    contrary = rows.assign(right=rows["right"] ^ judged)
    told, otherwise = (
        adapted(one, BASE, false_alarm_rate=RATE, description="").held_out
        for one in (rows, contrary)
    )
    assert not told.duplicated(ASKED).any()
    assert told.index.tolist() == list(range(len(told)))
    of_work = told["work"] == "w3"
    assert told[of_work]["probability"].to_numpy() == pytest.approx(
        otherwise[of_work]["probability"].to_numpy()
    )


def test_the_decision_tells_its_rate_its_origin_and_the_larger_index() -> None:
    rows = _candidates(80, seed=8, apart=9.0)
    half = FittedOn(corpus_checksum="c", seed=3, calibration_share=0.5)
    for n_songs, expected in ((17, 171), (500, 500)):
        found = adapted(
            rows, BASE, false_alarm_rate=0.01, description="mine", n_songs=n_songs, fitted_on=half
        )
        assert found.decision.n_songs == expected
    assert found.decision.fitted_on == half
    assert found.decision.false_alarm_rate == 0.01
    assert found.decision.calibration == (
        "mine; the weights are those of the profile that it starts from"
    )


def test_a_decision_with_more_log_odds_for_all_asks_for_more() -> None:
    """Where songs are right more often than the profile says, strangers get more log-odds too."""
    rows = _candidates(3000, seed=4, apart=3.0, n_works=150)
    found = adapted(rows, BASE, false_alarm_rate=RATE, description="made")
    own = found.held_out[~found.held_out["indexed"]]
    assert found.decision.intercept > BASE.intercept + 1
    tail = Tail.of(BASE).carried_over(own)
    assert tail.log_odds > Tail.of(BASE).log_odds + 1
    assert log_odds_of(found.decision.threshold) >= float(tail.reached_by(RATE / HARDEST)) - 1e-9
    assert found.decision.threshold == pooled_threshold(Strangers.of(own), tail, RATE)
