"""The trials of a sweep are every combination, and each has a name of its own."""

from __future__ import annotations

from itertools import product
from typing import Any

from experiments.specs.grid import baseline, expand
from experiments.specs.spec import load_spec
from fpcore.config import diff
from fpcore.profiles import load_profile

CONTENT: dict[str, Any] = {"name": "one", "profiles": ["balanced"], "degradations": ["clean"]}


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


def test_a_value_of_a_grid_is_left_as_it_is_when_a_part_of_it_is_set() -> None:
    pairs = load_profile("balanced").fingerprint.pairs.model_dump(mode="json")
    spec = load_spec({**CONTENT, "fingerprint": {"pairs": [pairs]}})
    spec.fingerprint["pairs.fan_out"] = (7,)
    [trial] = expand(spec)
    assert trial.profile.fingerprint.pairs.fan_out == 7
    assert spec.fingerprint["pairs"] == (pairs,)
