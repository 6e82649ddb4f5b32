"""The fitted decision, on evidence of known worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.calibration import fit
from experiments.calibration.answers import answers as answers_of
from experiments.calibration.answers import likeliest, log_odds
from experiments.calibration.fit import FITTED
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
    assert held_out.index.tolist() == list(range(80))
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


def test_the_decision_keeps_what_it_was_fitted_on() -> None:
    half = FittedOn(corpus_checksum="c", seed=3, calibration_share=0.5)
    model = fit.fit(
        _candidates(40, seed=3), false_alarm_rate=0.1, description="", n_songs=17, fitted_on=half
    )
    assert model.fitted_on == half
    assert (model.n_songs, model.false_alarm_rate) == (17, 0.1)


def _told_by_rank_alone(n_queries: int, *, seed: int) -> pd.DataFrame:
    """Return candidates of which every fit picks the same answers: those of the highest rank z."""
    return _candidates(n_queries, seed=seed).assign(log_idf=1.0)


def test_evidence_in_small_parts_of_the_index_does_not_move_the_weights_of_the_answers() -> None:
    rows = _told_by_rank_alone(200, seed=13)
    in_parts = rows["asked_of"] == "part"
    moved = rows.assign(rank_z=rows["rank_z"] + np.where(in_parts, 3.0, 0.0))
    assert fit._fitted(moved) == fit._fitted(rows) == fit._fitted(rows[~in_parts])


@pytest.mark.parametrize(("n_left_out", "n_masked"), [(100, 0), (1, 3), (4, 8), (0, 0)])
def test_the_odds_are_those_with_left_out_songs_alone(n_left_out: int, n_masked: int) -> None:
    """Without songs that stand in for them, the answers are right as often as they are said to."""
    rows = _told_by_rank_alone(400, seed=14)
    not_found = rows["right"] & rows["query"].str.endswith("0")
    rows = rows[(rows["asked_of"] == "whole") & ~not_found]
    strangers = [one for _, one in rows[~rows["indexed"]].groupby("query")]
    masked = [one.assign(asked_of="others") for one in strangers[n_left_out:][:n_masked]]
    asked = pd.concat([rows[rows["indexed"]], *strangers[:n_left_out], *masked])
    model = fit._fitted(asked)
    answers = likeliest(asked, model)
    all_as_one = (n_left_out + n_masked) / n_left_out if n_left_out else 1.0
    said = 1 / (1 + np.exp(-log_odds(answers, model)) * all_as_one)
    assert said.sum() == pytest.approx(answers["right"].sum(), abs=0.02)
