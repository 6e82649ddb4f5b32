"""End of a run: a short leaderboard, the verdict and the next command, also in JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer

from experiments.cli import ending
from experiments.results.run_folder import RunFolder


def test_the_end_of_a_run_tells_what_is_best_and_what_comes_next(
    swept: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    ending.tell(swept, Path("sweep.ipynb"), as_json=False)
    told = capsys.readouterr().out
    assert "4 trials done of 4" in told
    assert "accepted, right %" in told
    assert "baseline" in told
    assert "\nnext: fpbench report swept\nnext: fpbench promote swept --trial t00" in told


def test_in_json_every_number_is_there_and_what_is_not_known_is_null(
    swept: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    ending.tell(swept, Path("sweep.ipynb"), run=str(swept.path), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert len(told["leaderboard"]) == 4
    assert sum(row["baseline"] for row in told["leaderboard"]) == 1
    assert all(0 <= row["accuracy"] <= 1 for row in told["leaderboard"])
    assert told["verdict"].startswith(("Promote ", "Stay with "))
    assert told["next"][0] == f"fpbench report {swept.path}"


def test_a_failed_trial_is_told_beside_what_the_others_found(
    swept: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(Path(shutil.copytree(swept.path, tmp_path / "run")))
    manifest = run.manifest()
    failed = next(trial for trial in manifest.trials if trial != manifest.baseline)
    for file in run.trial(failed).path.iterdir():
        file.unlink()
    (run.trial(failed).path / "error.txt").write_text("out of luck\nand more")
    trials = {**manifest.trials, failed: "failed"}
    run.write_manifest(manifest.model_copy(update={"trials": trials}))
    with pytest.raises(typer.Exit):
        ending.tell(run, Path("sweep.ipynb"), as_json=False)
    told = capsys.readouterr()
    assert f"{failed} failed: out of luck\n" in told.err
    assert "next: fpbench report run" in told.out
