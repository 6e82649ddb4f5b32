"""Profiles: shown, listed and compared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fpcore.config import Profile
from fpcore.profiles import load_profile, save_profile
from tests.fpcore.cli.material import profile_file
from tests.fpcore.cli.running import answer, complaint, fpcore


def test_profile_show_tells_the_accuracy_that_was_measured(tmp_path: Path) -> None:
    share = {"n_right": 15, "n": 1600, "share": 0.009375, "low": 0.005, "high": 0.0175}
    whole = {
        "corpus": {"name": "games"},
        "date": "2026-05-01T12:00:00+00:00",
        "overall": {"false_accept": share, "accepted_right": {**share, "share": None}},
        "metrics": [share] * 100,
    }
    line = "given a name, although not indexed: 0.94% of 1,600, 95% interval 0.50 to 1.75%"
    for card, expected in (
        (whole, ["accuracy measured on games, 2026-05-01", f"  {line}"]),
        ({"overall": whole["overall"]}, ["accuracy measured on an unnamed corpus", f"  {line}"]),
        ({"bytes_per_hour": 3e6}, ["accuracy never measured"]),
        (None, ["accuracy never measured"]),
    ):
        profile = load_profile("seed").model_copy(update={"provenance": card})
        save_profile(profile, tmp_path / "mine.json")
        shown = fpcore("profile", "show", tmp_path / "mine.json", cwd=tmp_path).stdout
        assert shown.splitlines()[-len(expected) :] == expected
        assert "n_right" not in shown


def test_profile_show_writes_a_profile_that_can_be_used(tmp_path: Path) -> None:
    done = fpcore("profile", "show", "seed", "--json", cwd=tmp_path)
    assert Profile.model_validate_json(done.stdout) == load_profile("seed")
    default = fpcore("profile", "show", cwd=tmp_path).stdout
    assert default.startswith("balanced: ")
    assert "fingerprint.spectrogram.n_fft" in default
    assert load_profile("balanced").fingerprint.digest in default
    complaint(fpcore("profile", "show", "none", cwd=tmp_path), "'none'", "balanced", "seed")


def test_profile_list_tells_which_are_presets_and_which_are_the_users(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    for name in ("mine", "seed"):
        profile_file(folder / f"{name}.json", name=name)
    variables = {"FPCORE_PROFILES": str(folder)}
    profiles = answer("profile", "list", cwd=tmp_path, env=variables)["profiles"]
    by_name = {profile["name"]: profile for profile in profiles}
    presets = ("balanced", "robust", "tiny")
    assert {name: one["from"] for name, one in by_name.items()} == {
        **dict.fromkeys(presets, "preset"), "mine": "you", "seed": "you",
    }  # fmt: skip
    assert [name for name, one in by_name.items() if one["replaces_preset"]] == ["seed"]
    assert [name for name, one in by_name.items() if one["default"]] == ["balanced"]
    assert set(by_name["seed"]) == {
        "name", "from", "replaces_preset", "description", "default", "digest", "threshold",
        "calibration",
    }  # fmt: skip
    listed = fpcore("profile", "list", cwd=tmp_path, env=variables).stdout
    assert re.search(r"^balanced \(default\) +preset ", listed, re.MULTILINE)
    assert re.search(r"^mine +you ", listed, re.MULTILINE)
    assert re.search(r"^seed +you, for the preset ", listed, re.MULTILINE)
    assert listed.endswith(f"your profiles lie in {folder}\n")


def test_profile_list_tells_of_a_broken_profile_and_lists_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    profile_file(folder / "good.json")
    (folder / "broken.json").write_text('{"name": "broken", "fan_out": 3}')
    done = fpcore("profile", "list", cwd=tmp_path, env={"FPCORE_PROFILES": str(folder)})
    complaint(done, "broken.json")
    assert "balanced" in done.stdout


@pytest.mark.parametrize(
    ("changed", "must_learn"),
    [
        ({}, False),
        ({"query": {"n_shifts": 4}}, False),
        ({"decision": {"threshold": 0.9}}, False),
        ({"fingerprint": {"pairs": {"fan_out": 7}}}, True),
    ],
)
def test_profile_diff_says_whether_the_music_must_be_learned_again(
    tmp_path: Path, changed: dict[str, Any], must_learn: bool
) -> None:
    path = profile_file(tmp_path / "mine.json", **changed)
    document = answer("profile", "diff", "balanced", path, cwd=tmp_path)
    assert document["must_learn_again"] is must_learn
    assert len(document["fields"]) == len(changed)
    for field in document["fields"]:
        assert set(field) == {"field", "old", "new"}
        assert field["field"].startswith(tuple(changed))
    text = fpcore("profile", "diff", "balanced", path, cwd=tmp_path).stdout
    assert ("fpcore reindex" in text) is must_learn


def test_profile_diff_is_a_table_that_fits_on_a_screen(tmp_path: Path) -> None:
    seed = load_profile("seed")
    elsewhere = f"{seed.decision.calibration}, of another corpus"
    decision = seed.decision.model_copy(update={"calibration": elsewhere})
    path = tmp_path / "mine.json"
    path.write_text(seed.model_copy(update={"decision": decision}).model_dump_json())
    done = fpcore("profile", "diff", "balanced", path, cwd=tmp_path)
    assert "decision.calibration" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 180
