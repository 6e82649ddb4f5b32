"""Evidence, confidence and the threshold."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore.config import Decision, EvidenceName
from fpcore.records import Candidates, Verification
from fpcore.stages import decision

TWO = Candidates(
    np.array([7, 3], np.int64),
    np.array([10.0, 20.0]),
    np.array([40, 0], np.int64),
    np.array([9.5, 0.0]),
    np.array([2.5, 2.5]),
)
VERIFIED = Verification(
    np.array([15.0, 0.0]),
    np.array([60, 0], np.int64),
    np.array([4.5, -0.5]),
    np.array([1.5, 0.25]),
    np.array([25.0, 0.0]),
    np.array([6.5, -0.25]),
    np.array([0.7, 0.0]),
)


def test_each_kind_of_evidence_is_what_it_is_said_to_be() -> None:
    observed = decision.evidence(TWO, VERIFIED, n_hypotheses=3, crest_db=10.0)
    assert set(observed) == set(get_args(EvidenceName))
    first = {name: values[0] for name, values in observed.items()}
    assert first == pytest.approx(
        {
            "log_votes": math.log(41),
            "log_idf": math.log(10.5),
            "log_chance": math.log(2.5),
            "found": 15 / math.sqrt(60),
            "crest_db": 10.0,
            "rank_z": 4.5,
            "broadband_z": 1.5,
            "log_hypotheses": math.log(3),
        }
    )
    assert all(values.shape == (2,) for values in observed.values())


def test_a_recording_is_at_most_clear() -> None:
    clear, clearer = (
        decision.evidence(TWO, VERIFIED, n_hypotheses=1, crest_db=crest_db)
        for crest_db in (decision.CLEAR_DB, decision.CLEAR_DB + 9)
    )
    for name, values in clear.items():
        np.testing.assert_array_equal(values, clearer[name])


def test_evidence_for_nothing_is_finite() -> None:
    observed = decision.evidence(TWO, VERIFIED, n_hypotheses=3, crest_db=10.0)
    assert all(np.isfinite(values).all() for values in observed.values())


def test_without_candidates_there_is_no_confidence() -> None:
    none = Candidates(*(np.empty(0, dtype) for dtype in Candidates._DTYPES.values()))
    nothing = Verification(np.empty(0), np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))
    observed = decision.evidence(none, nothing, n_hypotheses=3, crest_db=10.0)
    model = Decision(intercept=1.0, weights={"log_votes": 1.0}, threshold=0.5)
    probability = decision.probability(decision.logit(observed, model, votes=none.votes))
    assert probability.shape == (0,)
    assert decision.confidence(probability, model).shape == (0,)


def test_the_probability_is_the_logistic_of_the_weighted_evidence() -> None:
    observed = decision.evidence(TWO, VERIFIED, n_hypotheses=3, crest_db=10.0)
    weights: dict[EvidenceName, float] = {
        "log_votes": 0.5,
        "found": -2.0,
        "log_chance": 0.1,
        "log_hypotheses": 0.3,
    }
    model = Decision(intercept=-1.5, weights=weights, threshold=0.5)
    got = decision.probability(decision.logit(observed, model, votes=TWO.votes))
    for row in range(2):
        logit = -1.5 + sum(w * observed[name][row] for name, w in weights.items())
        logit -= decision.IMPOSSIBLE if TWO.votes[row] == 0 else 0
        assert got[row] == pytest.approx(1 / (1 + math.exp(-logit)))


def test_a_model_without_weights_has_the_probability_of_its_intercept() -> None:
    observed = decision.evidence(TWO, VERIFIED, n_hypotheses=3, crest_db=10.0)
    model = Decision(intercept=0.0, weights={}, threshold=0.5)
    log_odds = decision.logit(observed, model, votes=np.array([3, 300]))
    assert decision.probability(log_odds).tolist() == [0.5, 0.5]


def test_one_or_two_votes_are_no_evidence_whatever_else_there_is() -> None:
    votes = np.arange(2000)
    observed: dict[EvidenceName, np.ndarray] = {"rank_z": np.full(len(votes), 10.0)}
    model = Decision(intercept=0.0, weights={"rank_z": 1.0}, threshold=0.5)
    probability = decision.probability(decision.logit(observed, model, votes=votes))
    accepted = decision.confidence(probability, model) > 0
    assert votes[~accepted].tolist() == list(range(decision.FEWEST_VOTES)) == [0, 1, 2]


@given(st.floats(-1e300, 1e300), st.floats(-1e6, 1e6))
def test_the_probability_stays_between_0_and_1_without_warnings(
    intercept: float, weight: float
) -> None:
    observed = decision.evidence(TWO, VERIFIED, n_hypotheses=3, crest_db=10.0)
    model = Decision(intercept=intercept, weights={"log_votes": weight}, threshold=0.5)
    with np.errstate(all="raise", under="ignore"):
        probability = decision.probability(decision.logit(observed, model, votes=TWO.votes))
    assert ((probability >= 0) & (probability <= 1)).all()


def test_more_evidence_of_positive_weight_means_more_probability() -> None:
    observed: dict[EvidenceName, np.ndarray] = {"log_votes": np.linspace(0, 8, 30)}
    model = Decision(intercept=-4.0, weights={"log_votes": 1.0}, threshold=0.5)
    log_odds = decision.logit(observed, model, votes=np.full(30, 100))
    assert (np.diff(decision.probability(log_odds)) > 0).all()


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(0.5, [0.0, 0.5, 0.9]), (0.0, [0.499, 0.5, 0.9]), (0.95, [0.0, 0.0, 0.0])],
)
def test_below_the_threshold_confidence_is_0(threshold: float, expected: list[float]) -> None:
    model = Decision(intercept=0.0, weights={}, threshold=threshold)
    assert decision.confidence(np.array([0.499, 0.5, 0.9]), model).tolist() == expected


@pytest.mark.parametrize(
    ("calibrated", "n_songs", "tenfolds"),
    [
        (None, 10**6, 0),
        (171, 1, 0),
        (171, 171, 0),
        (171, 1710, 1),
        (20, 171, 0),  # fewer songs than where it begins
        (20, 17_100, 2),
        (1000, 1000, 0),
        (1000, 10**7, 4),
    ],
)
def test_every_tenfold_of_songs_costs_the_same(
    calibrated: int | None, n_songs: int, tenfolds: int
) -> None:
    model = Decision(intercept=0.0, weights={}, threshold=0.5, n_songs=calibrated)
    lost = decision.library_size_penalty(n_songs, model)
    assert lost == pytest.approx(tenfolds * decision.GROWTH_PER_TENFOLD)


def test_peaks_that_are_only_kept_decide_between_places_and_not_about_the_song() -> None:
    same = decision.evidence(TWO, VERIFIED, n_hypotheses=1, crest_db=10.0)
    for name in ("kept_verified", "kept_rank_z", "level_agreement"):
        better = replace(VERIFIED, **{name: getattr(VERIFIED, name) + 1.0})
        observed = decision.evidence(TWO, better, n_hypotheses=1, crest_db=10.0)
        assert all(np.array_equal(observed[kind], same[kind]) for kind in same)
        scores = (decision.place_score(same, one) for one in (VERIFIED, better))
        before, after = scores
        assert (after > before).all()


def test_the_limits_are_those_under_which_the_shipped_decisions_were_fitted() -> None:
    """Another limit would change the evidence under decisions that stand in profiles."""
    for crest_db, counted_db in ((19.9, 19.9), (20.1, 20.0), (45.0, 20.0)):
        observed = decision.evidence(TWO, VERIFIED, n_hypotheses=1, crest_db=crest_db)
        assert observed["crest_db"].tolist() == [counted_db] * 2
    model = Decision(intercept=0.0, weights={}, threshold=0.5, n_songs=171)
    assert decision.library_size_penalty(1710, model) == pytest.approx(1.7)
    small = model.model_copy(update={"n_songs": 3})
    assert decision.library_size_penalty(171, small) == 0
    assert decision.library_size_penalty(172, small) > 0


def test_one_expected_peak_that_is_found_is_one_standard_deviation() -> None:
    one = replace(VERIFIED, verified=np.array([1.0, 0.0]), expected=np.array([1, 0], np.int64))
    observed = decision.evidence(TWO, one, n_hypotheses=1, crest_db=10.0)
    assert observed["found"].tolist() == [1.0, 0.0]


def test_the_score_of_a_place_weighs_what_was_tried() -> None:
    observed = decision.evidence(TWO, VERIFIED, n_hypotheses=1, crest_db=10.0)
    score = decision.place_score(observed, VERIFIED)
    expected = [
        math.log(10.5) + 4 * math.log(26) + 0.5 * 6.5 + 4 * 0.7,
        math.log(1) + 4 * math.log(1) + 0.5 * -0.25 + 4 * 0.0,
    ]
    assert score == pytest.approx(expected)
