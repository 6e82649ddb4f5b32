"""Promotion: what a profile carries away from a run, and what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments import metrics
from experiments.errors import RunError
from experiments.results.run_folder import RunFolder
from experiments.specs.spec import Excerpts
from experiments.sweeps.prepared import prepare
from experiments.sweeps.promotion import promote
from fpcore import Library
from fpcore.errors import ConfigError
from fpcore.profiles import load_profile
from tests.api import material
from tests.api.server import running
from tests.experiments import small

TRIAL = "t003-fanout5-qfanout15"

N_ASKED = 2 * small.N_EXCERPTS * 2
"""As many excerpts of either kind, under two conditions."""


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "profiles"
    monkeypatch.setenv("FPCORE_PROFILES", str(folder))
    return folder


def test_a_promoted_profile_carries_decision_provenance_and_intervals(
    swept: RunFolder, profiles: Path
) -> None:
    profile, path = promote(swept.path, "t003", name="mine", n_jobs=1)
    assert path == profiles / "mine.json"
    assert load_profile("mine") == profile
    assert profile.fingerprint == swept.trial(TRIAL).profile.fingerprint
    assert profile.query == swept.trial(TRIAL).profile.query
    assert profile.decision == swept.trial(TRIAL).decision
    card = profile.provenance
    assert card is not None
    assert card["run"] == "swept"
    assert card["trial"] == TRIAL
    assert card["corpus"]["checksum"] == swept.manifest().corpus_checksum
    assert card["split"]["role"] == "test"
    assert card["n_queries"] == N_ASKED
    for one in card["metrics"]:
        assert one["low"] <= one["share"] <= one["high"]
        low, high = metrics.wilson(one["n_right"], one["n"])
        assert (one["low"], one["high"]) == (low, high)
    assert {one["condition"] for one in card["metrics"]} == {"clean", "pink-m5db"}
    assert card["postings_per_s"] > 0
    assert card["bytes_per_hour"] > 0


def test_promotion_asks_the_test_tracks_as_often_as_the_sweep_its_own(
    repeated: RunFolder, profiles: Path
) -> None:
    profile, _ = promote(repeated.path, "t000", name="mine", n_jobs=1)
    assert profile.provenance is not None
    assert profile.provenance["n_queries"] == 3 * 4 * 2 * 2
    assert profile.provenance["seeds"] == {"seed": repeated.manifest().seed, "repeats": 3}


def test_promoting_twice_gives_the_same_figures(swept: RunFolder, profiles: Path) -> None:
    first, _ = promote(swept.path, "t000", name="mine", n_jobs=1)
    second, _ = promote(swept.path, "t000", name="mine", force=True, n_jobs=2)
    assert first.provenance is not None
    assert second.provenance is not None
    assert first.provenance | {"date": ""} == second.provenance | {"date": ""}


def test_a_profile_is_not_replaced_unless_told(swept: RunFolder, profiles: Path) -> None:
    profiles.mkdir()
    (profiles / "mine.json").write_text("precious")
    with pytest.raises(ConfigError, match=r"'mine' already .*--force"):
        promote(swept.path, "t000", name="mine")
    assert (profiles / "mine.json").read_text() == "precious"


def test_the_name_of_a_preset_is_refused_even_by_force(swept: RunFolder, profiles: Path) -> None:
    with pytest.raises(ConfigError, match=r"^'balanced' is the name of a preset"):
        promote(swept.path, "t000", name="balanced", force=True)
    assert not profiles.exists()


@pytest.mark.parametrize("name", ["", "a b", "../mine", ".mine", "x" * 65])
def test_a_name_that_is_none_is_refused(swept: RunFolder, profiles: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a profile"):
        promote(swept.path, "t000", name=name)


def test_a_trial_that_is_not_there_is_named_with_those_that_are(
    swept: RunFolder, profiles: Path
) -> None:
    with pytest.raises(RunError, match=rf"no trial of swept is called 't9': .*{TRIAL}"):
        promote(swept.path, "t9", name="mine")
    with pytest.raises(RunError, match="there is no run 'nothing'"):
        promote("nothing", "t000", name="mine")


def test_a_promoted_profile_learned_and_served_keeps_its_reported_accuracy(
    swept: RunFolder, profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Twice as many are asked as the sweep asked, so that the reported interval is narrower.
    run = RunFolder(Path(shutil.copytree(swept.path, tmp_path / "run")))
    excerpts = Excerpts(indexed=8, left_out=8)
    spec = swept.manifest().spec.model_copy(update={"excerpts": excerpts})
    run.write_manifest(swept.manifest().model_copy(update={"spec": spec}))
    profile, file = promote(run.path, TRIAL, name="mine", n_jobs=1)
    assert profile.provenance is not None
    assert profile.provenance["n_queries"] == 2 * 8 * 2
    context = prepare(spec).context
    database = tmp_path / "music.db"
    with Library.open(database, "mine", create=True) as library:
        for track in context.parts.indexed:
            library.learn(context.corpus.path_of(track))
    monkeypatch.delenv("FPCORE_PROFILES")  # the server's decoders warm up with a preset
    with Library.open(database) as library:
        assert library.profile == profile
    # Excerpts and noise of another seed: neither the sweep nor the promotion heard them.
    more = spec.model_copy(update={"excerpts": Excerpts(indexed=12, left_out=12)}).plan
    fresh = replace(context, plan=replace(more, seed=1234))
    right: list[bool] = []
    named: list[bool] = []
    with running(tmp_path, profile=file, database=database) as server, server.client() as client:
        for clip in fresh.clips(fresh.queries("test"), profile.fingerprint):
            heard = fresh.recording(clip)
            wav = material.wav(np.clip(heard.samples, -1, 1), heard.sample_rate_hz)
            answer = material.recognize(client, wav).json()
            if clip.query.indexed:
                name = Path(clip.query.track.path).stem
                right.append(answer["matched"] and answer["song_name"] == name)
            else:
                named.append(answer["matched"])
    assert len(right) == len(named) == 24
    card = profile.provenance["overall"]
    accuracy, alarms = card["accepted_right"], card["false_accept"]
    assert accuracy["low"] <= np.mean(right) <= accuracy["high"]
    assert np.mean(named) <= alarms["high"]
    assert accuracy["share"] > 0.5
