from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from experiments.specs import (
    MAX_TRIALS,
    SweepSpec,
    baseline,
    expand,
    load_spec,
    spec_names,
    with_absolute_paths,
)
from fpcore.config import diff
from fpcore.errors import ConfigError
from fpcore.profiles import load_profile

CONTENT: dict[str, Any] = {"name": "one", "profiles": ["balanced"], "degradations": ["clean"]}


@pytest.mark.parametrize("name", spec_names())
def test_every_spec_of_the_project_loads_and_says_what_it_asks(name: str) -> None:
    spec = load_spec(name)
    assert spec.question.endswith("?")
    assert expand(spec)
    assert baseline(spec) is not None


def test_the_specs_that_the_project_promises_are_there() -> None:
    promised = {"window", "fanout", "dt", "classic", "robustness", "query"}
    assert promised <= set(spec_names())


def test_trials_are_every_combination_and_differ_from_the_profile_in_nothing_else() -> None:
    grids = {"pairs.fan_out": [3, 5, 7], "spectrogram.hop_length": [512, 1024]}
    spec = load_spec({**CONTENT, "fingerprint": grids, "query": {"n_shifts": [1, 2]}})
    base = load_profile("balanced")
    found = []
    for trial in expand(spec):
        changed = diff(base.fingerprint, trial.profile.fingerprint)
        assert set(changed) <= set(grids)
        assert set(diff(base.query, trial.profile.query)) <= {"n_shifts"}
        config = trial.profile.fingerprint
        assert trial.profile.decision == base.decision
        found.append(
            (config.pairs.fan_out, config.spectrogram.hop_length, trial.profile.query.n_shifts)
        )
    assert found == list(product([3, 5, 7], [512, 1024], [1, 2]))


def test_expanding_twice_gives_the_same_trials() -> None:
    spec = load_spec("classic")
    assert expand(spec) == expand(spec)


def test_trials_that_differ_in_the_query_alone_share_an_index() -> None:
    trials = expand(load_spec("query"))
    assert len(trials) > 1
    assert len({trial.profile.fingerprint.digest for trial in trials}) == 1


def test_the_id_of_a_trial_is_short_and_names_what_was_swept() -> None:
    grids = {"pairs.fan_out": [5], "peaks.max_peaks_per_s": [10.0]}
    [trial] = expand(load_spec({**CONTENT, "fingerprint": grids}))
    assert trial.id == "t000-fanout5-density10"
    assert trial.swept == {
        "fingerprint.pairs.fan_out": 5,
        "fingerprint.peaks.max_peaks_per_s": 10.0,
    }


def test_a_value_may_be_a_whole_part_of_the_configuration() -> None:
    grid = {"whitening": [{"kind": "none"}, {"kind": "box", "width_s": 1.0}]}
    plain, boxed = expand(load_spec({**CONTENT, "fingerprint": grid}))
    assert plain.profile.fingerprint.whitening.kind == "none"
    assert boxed.profile.fingerprint.whitening.model_dump()["width_s"] == 1.0
    assert plain.id != boxed.id


def test_several_profiles_are_each_varied_and_named_in_the_trials() -> None:
    spec = load_spec({**CONTENT, "profiles": ["balanced", "seed"], "query": {"n_shifts": [1, 2]}})
    names = [trial.swept["profile"] for trial in expand(spec)]
    assert names == ["balanced", "balanced", "seed", "seed"]
    assert baseline(spec) == expand(spec)[1].id


def test_a_loaded_spec_survives_json_whole() -> None:
    spec = load_spec("robustness")
    assert SweepSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_degradation_may_be_spelled_out() -> None:
    hiss = {"name": "hiss", "chain": [{"kind": "white", "snr_db": 6}]}
    spec = load_spec({**CONTENT, "degradations": ["clean", hiss]})
    assert [condition.name for condition in spec.degradations] == ["clean", "hiss"]


def test_settings_replace_single_keys(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text("profiles: [balanced]\ndegradations: [clean]\nseed: 1\n")
    changes = ["seed=7", "excerpts.indexed=3", "fingerprint.pairs.fan_out=[2, 4]"]
    spec = load_spec(path, changes)
    assert (spec.name, spec.seed, spec.excerpts.indexed) == ("mine", 7, 3)
    assert spec.fingerprint == {"pairs.fan_out": (2, 4)}


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


def test_a_value_of_a_grid_is_left_as_it_is_when_a_part_of_it_is_set() -> None:
    pairs = load_profile("balanced").fingerprint.pairs.model_dump(mode="json")
    spec = load_spec({**CONTENT, "fingerprint": {"pairs": [pairs]}})
    spec.fingerprint["pairs.fan_out"] = (7,)
    [trial] = expand(spec)
    assert trial.profile.fingerprint.pairs.fan_out == 7
    assert spec.fingerprint["pairs"] == (pairs,)


def test_too_many_trials_are_taken_for_a_slip() -> None:
    grids = {"pairs.fan_out": list(range(1, 200)), "pairs.max_delta_hz": list(range(100, 200))}
    with pytest.raises(ConfigError, match=rf"19,900 trials, more than {MAX_TRIALS:,}"):
        load_spec({**CONTENT, "fingerprint": grids})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed: 1\nseed: 2\n", r"the key 'seed' comes twice"),
        ("- a\n- b\n", r"must hold keys and values"),
        ("seed: [1\n", r"is not YAML"),
        ("", r"must hold keys and values"),
    ],
)
def test_a_file_that_is_no_spec_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        load_spec(path)


def test_a_missing_spec_is_refused_with_the_names_at_hand() -> None:
    with pytest.raises(ConfigError, match=r"name a file or one of classic, demo, dt"):
        load_spec("nope")


def test_paths_from_the_working_folder_become_absolute_and_names_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = {
        **CONTENT,
        "profiles": ["balanced", "./my.json", "my.json", "/there/my.json"],
        "corpus": "folder:m",
        "sources": {"noise": "folder:../n", "speech": "debian-speech", "hum": "folder:~/hum"},
    }
    assert with_absolute_paths(content) == {
        **content,
        "profiles": ["balanced", *[str(tmp_path / "my.json")] * 2, "/there/my.json"],
        "corpus": f"folder:{tmp_path / 'm'}",
        "sources": {**content["sources"], "noise": f"folder:{tmp_path.parent / 'n'}"},
    }
    assert with_absolute_paths({**CONTENT, "profiles": "my.json"})["profiles"] == str(
        tmp_path / "my.json"
    )
