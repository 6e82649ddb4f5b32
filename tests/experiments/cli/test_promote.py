"""``fpbench promote``: what it tells, writes and refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from experiments.results.run_folder import FORMAT, RunFolder
from experiments.sweeps import promotion
from fpcore.profiles import load_profile
from tests.experiments.cli.running import fpbench, is_one_line


def test_promote_tells_accuracy_with_intervals_and_refuses_to_replace(
    swept: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_PROFILES", str(tmp_path))
    arguments = ("promote", "swept", "--trial", "t001", "--name", "mine", "--jobs", "1")
    done = fpbench(*arguments)
    assert done.returncode == 0, done.stderr
    assert "pink-m5db" in done.stdout
    assert re.search(r"all: [\d.]+ \([\d.]+ to [\d.]+\) %", done.stdout)
    assert (tmp_path / "mine.json").is_file()
    again = fpbench(*arguments)
    assert again.returncode == 1
    assert is_one_line(again.stderr)
    assert "--force" in again.stderr


def test_in_json_the_profile_and_what_was_measured_are_told(
    swept: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = load_profile().model_copy(update={"name": "mine"}), tmp_path / "mine.json"
    monkeypatch.setattr(promotion, "promote", lambda *_, **__: made)
    done = fpbench("promote", "swept", "--trial", "t001", "--name", "mine", "--json")
    told = json.loads(done.stdout)
    assert (told["profile"], told["file"]) == ("mine", str(tmp_path / "mine.json"))
    assert told["measured"]["overall"] == (made[0].provenance or {})["overall"]


def test_a_run_folder_of_another_version_is_one_sentence(workbench: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 0}')
    done = fpbench("promote", tmp_path, "--trial", "t000", "--name", "mine")
    assert done.returncode == 1
    assert is_one_line(done.stderr), done.stderr
    assert f"format 0, this version reads {FORMAT}" in done.stderr
