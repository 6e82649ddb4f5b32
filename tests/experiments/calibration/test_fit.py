"""The fitted decision: against scikit-learn, on evidence of known worth, and its threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from experiments.calibration import fit
from experiments.calibration.answers import answers as answers_of
from experiments.calibration.fit import FITTED
from experiments.calibration.regression import RIDGE, logistic
from experiments.calibration.thresholds import threshold_for
from fpcore.config import FittedOn


def _candidates(n_queries: int, *, seed: int, n_hypotheses: int = 1) -> pd.DataFrame:
    """Return candidates, three a query, of which the evidence ``rank_z`` tells the truth.

    Half of the queries are of the index; each was also asked of a part of it.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_queries):
        indexed = number % 2 == 0
        for asked_of in ("whole", "part"):
            for rank in range(3):
                right = indexed and rank == 0
                evidence: dict[str, float] = dict.fromkeys(FITTED, 1.0)
                evidence["log_idf"] = float(rng.normal())
                evidence["rank_z"] = float(rng.normal(4.0 if right else 0.0))
                rows.append(
                    {
                        "query": f"q{number}",
                        "condition": "clean",
                        "clip_s": 5.0,
                        "work": f"w{number % 20}",
                        "indexed": indexed,
                        "asked_of": asked_of,
                        "pass": "first",
                        "rank": rank,
                        "right": right,
                        "log_hypotheses": float(np.log(n_hypotheses)),
                        "votes": 9,
                        **evidence,
                    }
                )
    return pd.DataFrame(rows)


def test_without_an_offset_the_regression_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(500, 3)) * [1.0, 5.0, 0.1] + [0.0, 3.0, -2.0]
    right = rng.random(500) < 1 / (1 + np.exp(-(features @ [1.0, 0.3, -4.0] - 9.0)))
    mean, spread = features.mean(axis=0), features.std(axis=0)
    model = LogisticRegression(C=1 / RIDGE, max_iter=1000, tol=1e-8)
    model.fit((features - mean) / spread, right)
    intercept, weights = logistic(features, right, offset=np.zeros(500))
    np.testing.assert_allclose(weights * spread, model.coef_[0], atol=1e-3)
    assert intercept + weights @ mean == pytest.approx(model.intercept_[0], abs=1e-3)


def test_what_is_known_of_the_odds_is_not_fitted_again() -> None:
    rng = np.random.default_rng(2)
    features, offset = rng.normal(size=(4000, 1)), rng.normal(scale=3.0, size=4000)
    right = rng.random(4000) < 1 / (1 + np.exp(-(2.0 * features[:, 0] + offset - 1.0)))
    intercept, [weight] = logistic(features, right, offset=offset)
    assert (intercept, weight) == pytest.approx((-1.0, 2.0), abs=0.2)


def test_telling_evidence_weighs_and_constant_evidence_does_not() -> None:
    decision = fit.fit(_candidates(200, seed=3), false_alarm_rate=0.01, description="made")
    assert decision.weights["rank_z"] > 1
    assert abs(decision.weights["log_idf"]) < 0.7
    assert decision.weights["found"] == 0
    assert decision.calibration == "made"


def test_n_passes_are_n_chances_to_be_wrong() -> None:
    one, many = (
        fit.fit(_candidates(200, seed=4, n_hypotheses=n), false_alarm_rate=0.01, description="made")
        for n in (1, 50)
    )
    assert many.weights["log_hypotheses"] == one.weights["log_hypotheses"] == -1.0
    # The same evidence after fifty passes is the same evidence: the intercept makes up for it.
    shift = many.intercept + many.weights["log_hypotheses"] * np.log(50)
    assert shift == pytest.approx(one.intercept, abs=1e-2)


def test_of_passes_at_other_playbacks_only_those_are_fitted_that_give_the_answer() -> None:
    rows = _candidates(200, seed=5)
    fitted = fit._fitted(rows)
    playbacks = rows.assign(**{"pass": "playback"}, right=~rows["right"])
    behind, before = (
        fit._fitted(
            pd.concat(
                [rows, playbacks.assign(rank_z=playbacks["rank_z"] + by)],
                ignore_index=True,
            )
        )
        for by in (-20.0, 20.0)
    )
    assert behind == fitted
    assert before.weights["rank_z"] < fitted.weights["rank_z"]


def test_the_weights_are_those_of_the_answers() -> None:
    """Wrong songs that are never the answer do not matter, whatever their evidence."""
    rows = _candidates(200, seed=9)
    fitted = fit._fitted(rows)
    behind = rows["rank"] == 2
    assert not rows[behind]["right"].any()
    hopeless = rows.assign(rank_z=rows["rank_z"].mask(behind, -8.0))
    answers = answers_of(rows, fitted)
    assert (answers["rank"] == 2).mean() > 0.1
    kept = rows[~behind]
    assert fit._fitted(hopeless).weights == pytest.approx(fit._fitted(kept).weights, abs=1e-6)


def _strangers(probabilities: list[float]) -> pd.DataFrame:
    """Return a query of an unknown work for each probability."""
    works = [f"w{number}" for number in range(len(probabilities))]
    return pd.DataFrame({"work": works, "probability": probabilities})


@pytest.mark.parametrize("probability", [0.3, 1 - 1e-11, 1 - 1e-13, 1 - 2**-53])
@pytest.mark.parametrize("rate", [0.01, 0.25])
def test_equal_strangers_are_all_rejected_when_they_are_too_many(
    probability: float, rate: float
) -> None:
    surest = _strangers([probability] * 6 + [0.1] * 4)
    threshold = threshold_for(surest, rate)
    assert probability < threshold <= 1


def test_the_threshold_lies_between_the_rejected_and_the_accepted_stranger() -> None:
    spread = _strangers([0.9, 0.5, 0.2, 0.1])
    assert threshold_for(spread, 0.25) == pytest.approx(0.75)  # odds 9 and 1: 3
    assert threshold_for(spread, 0.0) == pytest.approx(1 / (1 + np.exp(-1) / 9))


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_the_threshold_keeps_the_rate_in_the_whole_and_in_parts(rate: float) -> None:
    rows = _candidates(400, seed=6)
    held_out = fit.cross_fitted(rows)
    # In parts of the index, strangers look more like songs.
    lifted = (held_out["asked_of"] == "part") & ~held_out["indexed"]
    held_out.loc[lifted, "probability"] = held_out.loc[lifted, "probability"] ** 0.5
    decision = fit.fit(rows, false_alarm_rate=rate, description="", held_out=held_out)
    negatives = held_out[~held_out["indexed"]]
    alarms = negatives["probability"] >= decision.threshold
    rates = alarms.groupby(negatives["asked_of"]).mean()
    assert rates.max() == pytest.approx(rate, abs=0.006)
    assert rates["part"] > rates["whole"]


def test_answers_are_the_likeliest_candidates_of_each_question() -> None:
    rows = _candidates(40, seed=7)
    held_out = fit.cross_fitted(rows)
    assert len(held_out) == 2 * 40
    assert not held_out.duplicated(["query", "asked_of"]).any()
    right = held_out[held_out["indexed"]]["right"]
    assert right.mean() > 0.9


def test_no_model_has_seen_another_query_of_the_work_that_it_judges() -> None:
    rows = _candidates(100, seed=11)
    judged = (rows["work"] == "w2") & (rows["query"] == "q2")
    others_of_work = (rows["work"] == "w2") & ~judged
    assert rows[others_of_work]["query"].nunique() == 4
    contrary = rows.assign(right=rows["right"] ^ others_of_work)
    told, told_otherwise = (fit.cross_fitted(known) for known in (rows, contrary))
    before, after = (one[one["query"] == "q2"] for one in (told, told_otherwise))
    pd.testing.assert_frame_equal(before, after)
    # Those of other works were judged by models that saw the difference.
    assert not np.allclose(told["probability"], told_otherwise["probability"])


def test_every_work_weighs_the_same_however_often_it_was_asked() -> None:
    often = pd.DataFrame({"work": ["a"] * 6, "probability": [0.99, 0.98, 0.97, 0.96, 0.95, 0.94]})
    once = pd.DataFrame({"work": ["b", "c", "d"], "probability": [0.6, 0.5, 0.4]})
    asked = pd.concat([once, often], ignore_index=True)
    # One of four works may be named: that is "a", with all of its queries.
    assert 0.6 < threshold_for(asked, 0.25) < 0.94
    # Half of its queries are an eighth of the works.
    assert 0.96 < threshold_for(asked, 0.125) < 0.97
    assert threshold_for(asked, 0.5) < 0.6


def test_songs_that_stand_in_for_strangers_do_not_make_strangers_likelier() -> None:
    rows = _candidates(400, seed=12)
    rows = rows[rows["asked_of"] == "whole"]
    strangers = rows[~rows["indexed"]]
    stand_ins = [
        strangers.assign(asked_of="others", query=strangers["query"] + f" again {copy}")
        for copy in range(3)
    ]
    alone, with_stand_ins = (
        fit.fit(known, false_alarm_rate=0.01, description="made")
        for known in (rows, pd.concat([rows, *stand_ins], ignore_index=True))
    )
    # Uncorrected, four strangers in place of one would take log 4 = 1.4 from the intercept.
    assert with_stand_ins.intercept == pytest.approx(alone.intercept, abs=0.5)
    assert with_stand_ins.weights == pytest.approx(alone.weights, abs=0.3)


def test_few_examples_are_believed_nearly_as_they_are() -> None:
    """Of two examples apart by two standard deviations the best weight is known by a formula."""
    _, [weight] = logistic(np.array([[-1.0], [1.0]]), np.array([False, True]), offset=np.zeros(2))
    # Where the derivative of the loss is 0; a strong penalty would hold the weight near 0.
    assert 2 / (1 + np.exp(weight)) == pytest.approx(0.1 * weight, abs=1e-5)
    assert weight > 2


def test_where_all_strangers_may_be_named_the_threshold_is_the_least_likely_one() -> None:
    assert threshold_for(_strangers([0.8, 0.2]), 1.0) == pytest.approx(0.2)


def test_the_decision_keeps_what_it_was_fitted_on() -> None:
    half = FittedOn(corpus_checksum="c", seed=3, calibration_share=0.5)
    model = fit.fit(_candidates(40, seed=3), false_alarm_rate=0.1, description="", fitted_on=half)
    assert model.fitted_on == half
