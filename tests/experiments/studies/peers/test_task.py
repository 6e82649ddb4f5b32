"""The task of a comparison: what is asked of whom, and what its rows depend on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.studies.peers.small_comparison import (
    BALANCED,
    N_QUERIES,
    PLAN,
    RATE,
    comparison_of,
)
from tests.experiments.studies.peers.toy import ToySpec


def test_the_test_half_is_asked_in_full_and_of_calibration_the_left_out_songs(
    workbench: Path,
) -> None:
    comparison = comparison_of(ToySpec())
    asked = comparison.queries()
    assert list(asked) == ["calibration", "test"]
    assert not any(query.indexed for query in asked["calibration"])
    assert sum(query.indexed for query in asked["test"]) == len(asked["calibration"]) == 12
    assert sum(map(len, asked.values())) == N_QUERIES
    parts = comparison.context.parts
    assert {query.track for query in asked["calibration"]} <= set(parts.calibration_left_out)
    assert {query.track for query in asked["test"]} <= {*parts.test_indexed, *parts.test_left_out}


def test_settings_hold_as_json_all_that_the_rows_depend_on(workbench: Path) -> None:
    comparison = comparison_of(ToySpec(), ToySpec("second"))
    settings = json.loads(json.dumps(comparison.settings()))
    assert settings["corpus_checksum"] == comparison.context.corpus.checksum
    assert settings["systems"] == {
        spec.name: spec.describe() for spec in (ToySpec(), ToySpec("second"))
    }
    assert settings["sample_rate_hz"] == BALANCED.fingerprint.sample_rate_hz
    assert settings["false_alarm_rate"] == RATE
    assert [one["name"] for one in settings["plan"]["conditions"]] == ["clean", "pink-m5db"]


@pytest.mark.parametrize("changes", [{"seed": 1}, {"n_indexed": 5}, {"repeats": 2}])
def test_another_plan_is_another_comparison(workbench: Path, changes: dict[str, Any]) -> None:
    other = comparison_of(ToySpec(), plan=replace(PLAN, **changes))
    assert other.settings() != comparison_of(ToySpec()).settings()


def test_asking_once_is_told_as_before_there_were_repeats(workbench: Path) -> None:
    assert "repeats" not in comparison_of(ToySpec()).settings()["plan"]
    thrice = comparison_of(ToySpec(), plan=replace(PLAN, repeats=3))
    assert thrice.settings()["plan"]["repeats"] == 3
