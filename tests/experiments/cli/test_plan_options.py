"""Plans that the options of a command make, and which of them are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cli.plan_options import context_of, plan_of, spec_of
from experiments.corpora import corpus
from experiments.degradations import conditions
from experiments.protocol.defaults import CLIP_LENGTHS_S, REPORTED_CONDITIONS
from experiments.protocol.plan import Plan
from experiments.sweeps.prepared import prepare
from fpcore.config import FingerprintConfig
from fpcore.errors import ConfigError
from tests.experiments import small
from tests.experiments.cli.running import fpbench
from tests.experiments.sweeps import noise

KITCHEN = """
degradations:
  - {{name: kitchen-0db, chain: [{{kind: recording, source: kitchen, snr_db: 0}}]}}
  - clean
sources: {{kitchen: "{kitchen}"}}
corpus: generated:8
profiles: [balanced]
clip_lengths_s: [5]
left_out_share: 0.5
"""


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


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    path = tmp_path / "kitchen.yml"
    path.write_text(KITCHEN.format(kitchen=noise.folder_of(tmp_path / "noise", 0)))
    return path


def test_conditions_of_a_spec_are_known_by_their_names(kitchen: Path) -> None:
    own = spec_of(str(kitchen))
    assert own is not None
    assert plan_of(None, None, 1, 0, spec=own).conditions == own.degradations
    named = plan_of(["kitchen-*", "telephone"], None, 1, 0, spec=own)
    assert [one.name for one in named.conditions] == ["kitchen-0db", "telephone"]
    with pytest.raises(ConfigError, match="no condition 'kitchen': did you mean kitchen-0db"):
        plan_of(["kitchen"], None, 1, 0, spec=own)
    with pytest.raises(ConfigError, match="no condition 'kitchen-0db'"):
        plan_of(["kitchen-0db"], None, 1, 0)


def test_a_spec_brings_its_noise_and_a_sweep_hears_the_same(workbench: Path, kitchen: Path) -> None:
    own = spec_of(str(kitchen))
    assert own is not None
    plan = plan_of(["kitchen-0db"], [5.0], 2, 0, spec=own, left_out_share=0.5)
    context = context_of(corpus(small.CORPUS), plan, own)
    assert context.sources == {"kitchen": (kitchen.parent / "noise" / "noise.wav",)}
    [query, *_] = context.queries("test")
    swept = prepare(own).context
    heard = [
        one.recording(clip).samples
        for one in (context, swept)
        for clip in one.clips([query], FingerprintConfig())
    ]
    assert (heard[0] == heard[1]).all()


def test_the_commands_take_the_name_of_a_spec(kitchen: Path) -> None:
    for command in ("accuracy", "calibrate", "false-alarms", "peers"):
        done = fpbench(command, "--spec", str(kitchen), "--condition", "attic")
        assert done.returncode == 1
        assert "there is no condition 'attic': " in done.stderr
        assert "kitchen-0db" in done.stderr
