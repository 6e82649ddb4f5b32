from __future__ import annotations

from typing import Any

import pytest

from experiments.specs.content import spec_names
from experiments.specs.grid import baseline, expand
from experiments.specs.spec import MAX_TRIALS, SweepSpec, load_spec
from fpcore.errors import ConfigError

CONTENT: dict[str, Any] = {"name": "one", "profiles": ["balanced"], "degradations": ["clean"]}


@pytest.mark.parametrize("name", spec_names())
def test_every_spec_of_the_project_loads_and_says_what_it_asks(name: str) -> None:
    spec = load_spec(name)
    assert spec.question.endswith("?")
    assert expand(spec)
    assert baseline(spec) is not None


def test_a_loaded_spec_survives_json_whole() -> None:
    spec = load_spec("robustness")
    assert SweepSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_degradation_may_be_spelled_out() -> None:
    hiss = {"name": "hiss", "chain": [{"kind": "white", "snr_db": 6}]}
    spec = load_spec({**CONTENT, "degradations": ["clean", hiss]})
    assert [condition.name for condition in spec.degradations] == ["clean", "hiss"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("pears=1", r"pears: is not a known key"),
        ("excerpts.indexd=3", r"excerpts\.indexd: is not a known key"),
        ("fingerprint.pairs.fan_outt=[3]", r"trial t000\S*: fingerprint\.pairs\.fan_outt: is not"),
        ("fingerprint.pears.x=[3]", r"trial t000\S*: fingerprint\.pears: is not a known key"),
        ("query.n_shifts=[1, 0]", r"trial t001\S*: query\.n_shifts: .* got 0"),
        ("fingerprint.spectrogram.hop_length=[9000]", r"trial t000\S*: .*must not exceed n_fft"),
        ("query.n_shifts=[1, 1]", r"n_shifts: 1 comes twice"),
        ("query.fan_out=[2, 2.0]", r"t000-qfanout2 and t001-qfanout2 are the same configuration"),
        ('query.fan_out=[5, "5"]', r"query\.fan_out|are the same configuration"),
        ("query.n_shifts=[1, true]", r"query\.n_shifts|are the same configuration"),
        (
            "fingerprint={pairs: [{fan_out: 3}], pairs.fan_out: [5, 6]}",
            r"fingerprint: pairs\.fan_out is part of pairs: vary one of them alone",
        ),
        ("query.n_shifts=[]", r"query\.n_shifts: .*at least 1 item"),
        ("degradations=[cleann]", r"no condition 'cleann': did you mean clean"),
        ("degradations=[clean, clean]", r"clean comes twice"),
        ("degradations=[{name: a, chain: [{kind: whit}]}]", r"degradations\.0\.chain\.0"),
        ("profiles=[nope]", r"cannot read profile 'nope'"),
        ("seed=x", r"seed: .*integer.* got 'x'"),
        ("false_alarm_rate=0", r"false_alarm_rate: .*greater than 0"),
        ("left_out_share=1", r"left_out_share: .*less than 1"),
        ("seed", r"must be key=value"),
        ("seed=[", r"value of seed is not YAML"),
        ("seed.inner=1", r"seed is not a mapping"),
    ],
)
def test_what_is_wrong_in_a_spec_is_named_by_its_path(change: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_spec({**CONTENT, "seed": 0}, [change])


def test_too_many_trials_are_taken_for_a_slip() -> None:
    grids = {"pairs.fan_out": list(range(1, 200)), "pairs.max_delta_hz": list(range(100, 200))}
    with pytest.raises(ConfigError, match=rf"19,900 trials, more than {MAX_TRIALS:,}"):
        load_spec({**CONTENT, "fingerprint": grids})
