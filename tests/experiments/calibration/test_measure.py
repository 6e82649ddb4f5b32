"""Profiles calibrated and measured on a small corpus, and which are not measured at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from experiments import metrics
from experiments.calibration import fit
from experiments.calibration import measure as module
from experiments.calibration.fit import FITTED
from experiments.calibration.measure import Accuracy, calibrated, measure, with_card
from experiments.evaluation.context import Context
from experiments.evaluation.rows import Answers
from experiments.progress import Step
from experiments.protocol.splits import Role
from fpcore.config import Decision, FittedOn, Profile
from fpcore.errors import ConfigError
from fpcore.profiles import load_profile

BALANCED = load_profile("balanced")


def fitted_on(profile: Profile, known: FittedOn | None) -> Profile:
    """Return the profile with another note of what its decision was fitted on."""
    decision = profile.decision.model_copy(update={"fitted_on": known})
    return profile.model_copy(update={"decision": decision})


@pytest.fixture(scope="module")
def measured(context: Context) -> Accuracy:
    return measure(BALANCED, context, n_jobs=1)


def test_the_test_half_is_measured_at_the_profiles_own_threshold(
    measured: Accuracy, context: Context
) -> None:
    rows, threshold = measured.outcomes, BALANCED.decision.threshold
    assert set(rows["role"]) == {"test"}
    assert set(rows["query"]) == {query.id for query in context.queries("test")}
    assert measured.overall.equals(metrics.overall(rows, threshold))
    assert measured.by_condition.equals(metrics.summary(rows, threshold))
    assert measured.precision_at == metrics.precision_at(rows, threshold)
    curve = metrics.calibration_curve(rows)
    assert measured.calibration_error == metrics.calibration_error(curve)


def test_only_answers_without_another_tempo_are_localised(
    measured: Accuracy, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, threshold = measured.outcomes, BALANCED.decision.threshold
    is_clean = rows["condition"] == "clean"
    none_in_tempo = Answers(rows.assign(right=rows["right"] & is_clean), pd.DataFrame())
    monkeypatch.setattr(module, "index_and_ask", lambda *_, **__: none_in_tempo)
    of_clean = metrics.localised(rows[is_clean], threshold)
    assert 0 < of_clean.n < metrics.localised(rows, threshold).n
    assert measure(BALANCED, context).localised == measured.localised == of_clean


class _AskedError(Exception):
    """Raised in place of asking."""


@pytest.mark.parametrize("wanted", [{}, {"n_jobs": 3}], ids=str)
def test_as_many_processes_ask_a_half_as_are_wanted(
    context: Context, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any]
) -> None:
    def index_and_ask(_: Context, __: Profile, role: Role, *, n_jobs: int, **___: object) -> None:
        raise _AskedError(f"{n_jobs} {role}")

    monkeypatch.setattr(module, "index_and_ask", index_and_ask)
    n_jobs = wanted.get("n_jobs", -1)  # -1 for one on each core
    with pytest.raises(_AskedError, match=f"^{n_jobs} test$"):
        measure(BALANCED, context, **wanted)
    with pytest.raises(_AskedError, match=f"^{n_jobs} calibration$"):
        calibrated(BALANCED, context, false_alarm_rate=0.25, **wanted)


@pytest.mark.parametrize("changes", [{"seed": 1}, {"calibration_share": 0.25}])
def test_a_profile_is_not_asked_about_songs_that_it_was_fitted_on(
    context: Context, changes: dict[str, float]
) -> None:
    known = context.fitted_on.model_copy(update=changes)
    with pytest.raises(ConfigError) as refused:
        measure(fitted_on(BALANCED, known), context)
    assert str(refused.value) == (
        "the decision of balanced was fitted on songs of generated:8 that the split with seed 0 "
        "and a calibration share of 0.5 would ask about: take the split that it was fitted with, "
        f"seed {known.seed} and a calibration share of {known.calibration_share:g}"
    )


def test_a_decision_of_the_same_split_or_of_other_music_is_measured(context: Context) -> None:
    few = replace(context, plan=replace(context.plan, n_indexed=1, n_left_out=1))
    elsewhere = context.fitted_on.model_copy(update={"corpus_checksum": "0" * 64, "seed": 9})
    steps: list[str] = []

    def note(step: Step) -> None:
        steps.append(step.label)

    for known in (None, context.fitted_on, elsewhere):
        measured = measure(fitted_on(BALANCED, known), few, n_jobs=1, show=note)
        assert len(measured.outcomes) == 2 * 2
    assert {*steps} == {"learning tracks", "asking"}


def test_a_new_decision_says_what_it_was_fitted_on_and_leaves_the_rest(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = {"run": "r", "trial": "t", "overall": {"top1": 0.1}, "bytes_per_hour": 7.0}
    old = BALANCED.model_copy(update={"provenance": card})
    steps: list[str] = []

    def note(step: Step) -> None:
        steps.append(step.label)

    asked: list[str] = []
    fitted = fit.fit

    def noted(rows: pd.DataFrame, **told: Any) -> Decision:
        asked.extend(rows["query"])
        return fitted(rows, **told)

    monkeypatch.setattr(fit, "fit", noted)
    context = replace(context, plan=replace(context.plan, clip_lengths_s=(4.0, 5.0)))
    found = calibrated(old, context, false_alarm_rate=0.25, n_jobs=1, show=note)
    assert {*asked} == {query.id for query in context.queries("calibration")}
    assert (found.fingerprint, found.query) == (old.fingerprint, old.query)
    assert set(found.decision.weights) == {*FITTED, "log_hypotheses"}
    assert found.decision.fitted_on == context.fitted_on
    assert found.decision.n_songs == len(context.parts.indexed)
    assert found.decision.calibration == (
        f"fitted on {len(context.queries('calibration'))} queries of 4 s and 5 s from the "
        f"calibration half of generated:8 (checksum {context.corpus.checksum[:12]}, seed 0; "
        "clean, tempo-m6) for 25% false alarms"
    )
    assert found.decision.false_alarm_rate == 0.25
    assert found.provenance == {
        "promoted_from": {"run": "r", "trial": "t"},
        "bytes_per_hour": 7.0,
    }
    assert {*steps} == {"learning tracks", "asking"}


def test_the_card_of_a_profile_keeps_where_it_comes_from(
    measured: Accuracy, context: Context
) -> None:
    old = BALANCED.model_copy(update={"provenance": {"run": "r", "overall": {}}})
    found = with_card(old, measured, context).provenance
    assert found is not None
    assert found["promoted_from"] == {"run": "r"}
    assert found["n_queries"] == len(measured.outcomes) == 16
    accepted = found["overall"]["accepted_right"]
    assert accepted["share"] == measured.overall["share"]["accepted_right"]
