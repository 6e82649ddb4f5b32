"""Plans that the options of a command make, and which of them are refused."""

from __future__ import annotations

import pytest

from experiments.cli.plan_options import plan_of
from experiments.degradations import conditions
from experiments.protocol.defaults import CLIP_LENGTHS_S, REPORTED_CONDITIONS
from experiments.protocol.plan import Plan
from fpcore.errors import ConfigError
from tests.experiments.cli.running import fpbench


def test_without_options_the_plan_is_that_of_reports() -> None:
    expected = Plan(conditions(REPORTED_CONDITIONS), CLIP_LENGTHS_S, 7, 7, seed=3)
    assert plan_of(None, None, 7, 3) == expected


def test_what_is_named_takes_the_place_of_the_defaults() -> None:
    found = plan_of(
        ["telephone", "clean"], [5.0, 3.0], 7, 0, n_indexed=2, conditions=["clean"],
        left_out_share=0.1,
    )  # fmt: skip
    assert [one.name for one in found.conditions] == ["telephone", "clean"]
    assert (found.clip_lengths_s, found.left_out_share) == ((5.0, 3.0), 0.1)
    assert (found.n_indexed, found.n_left_out) == (2, 7)
    assert [one.name for one in plan_of(None, None, 1, 0, conditions=["clean"]).conditions] == [
        "clean"
    ]


def test_an_unknown_condition_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="no condition 'cleann': did you mean clean"):
        plan_of(["cleann"], None, 1, 0)


def test_a_condition_that_is_meant_by_its_name_and_by_a_pattern_is_given_twice() -> None:
    with pytest.raises(ConfigError, match="--condition fade-out is given twice"):
        plan_of(["fade-*", "fade-out"], None, 1, 0)


def test_a_condition_or_length_that_is_given_twice_is_one_sentence() -> None:
    for option, value in (("--condition", "clean"), ("--clip", "5")):
        done = fpbench("accuracy", option, value, option, value)
        assert done.returncode == 1
        assert done.stderr == f"fpbench: {option} {value} is given twice: give each once\n"
