"""``fpbench calibrate`` and ``fpbench accuracy`` on a small corpus."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from experiments.calibration.fit import FITTED
from experiments.corpora import corpus
from fpcore.config import FittedOn
from fpcore.profiles import load_profile
from tests.experiments.cli.running import fpbench, is_one_line

SMALL = (
    "--corpus", "generated:12", "--condition", "clean", "--condition", "white-0db",
    "--clip", "5", "--queries", "16", "--jobs", "1",
)  # fmt: skip


@pytest.fixture(scope="module")
def calibrated(workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile without telling evidence and with metrics of a promotion, calibrated anew."""
    folder = tmp_path_factory.mktemp("profiles")
    card = {"run": "r", "trial": "t", "overall": {"top1": 0.1}, "bytes_per_hour": 7.0}
    old = load_profile("balanced").model_dump(mode="json") | {"name": "mine", "provenance": card}
    old["decision"] = {"intercept": -1.0, "weights": {"log_votes": 1.0}, "threshold": 0.9}
    (folder / "old.json").write_text(json.dumps(old))
    done = fpbench(
        "calibrate", "--profile", folder / "old.json", "-o", folder / "new.json",
        "--false-alarms", "0.05", "--json", *SMALL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "for 5% false alarms" in json.loads(done.stdout)["decision"]["calibration"]
    return folder / "new.json"


def test_calibration_replaces_the_decision_and_what_was_measured_with_the_old(
    calibrated: Path,
) -> None:
    profile = load_profile(calibrated)
    assert profile.fingerprint == load_profile("balanced").fingerprint
    assert set(profile.decision.weights) == {*FITTED, "log_hypotheses"}
    assert profile.decision.calibration is not None
    assert "calibration half of generated:12" in profile.decision.calibration
    assert profile.decision.n_songs == 8
    assert profile.decision.fitted_on == FittedOn(
        corpus_checksum=corpus("generated:12").checksum, seed=0, calibration_share=0.5
    )
    assert profile.provenance == {
        "promoted_from": {"run": "r", "trial": "t"},
        "bytes_per_hour": 7.0,
    }


def test_accuracy_is_that_of_its_outcome_rows(calibrated: Path, tmp_path: Path) -> None:
    rows_file = tmp_path / "rows.csv"
    done = fpbench("accuracy", "--profile", calibrated, "--csv", rows_file, *SMALL)
    assert done.returncode == 0, done.stderr
    rows, threshold = pd.read_csv(rows_file), load_profile(calibrated).decision.threshold
    assert len(rows) == 2 * 2 * 16
    assert set(rows["role"]) == {"test"}
    known = rows[rows["indexed"]]
    right = (known["right"] & (known["probability"] >= threshold)).sum()
    assert right >= 0.9 * len(known)
    told = re.search(r"accepted.*?: (\d+\.\d+)% of (\d+)", done.stdout)
    assert told is not None, done.stdout
    assert float(told[1]) == pytest.approx(100 * right / len(known), abs=0.01)
    assert int(told[2]) == len(known)
    answered = known[known["right"] & (known["probability"] >= threshold)]
    placed = re.search(r"at that place or a repeat: (\d+\.\d+)% of (\d+)", done.stdout)
    assert placed is not None, done.stdout
    assert float(placed[1]) == pytest.approx(100 * answered["same_passage"].mean(), abs=0.01)
    assert int(placed[2]) == len(answered)
    assert re.search(r"0\.99 and more, right: \d+\.\d+% of \d+", done.stdout)
    assert re.search(r"expected calibration error: 0\.\d{4}\n", done.stdout)


def test_what_is_kept_of_a_measurement_is_the_profiles_model_card(
    calibrated: Path, tmp_path: Path
) -> None:
    file, rows_file = tmp_path / "mine.json", tmp_path / "rows.csv"
    file.write_bytes(calibrated.read_bytes())
    done = fpbench("accuracy", "--profile", file, "--keep", "--csv", rows_file, "--json", *SMALL)
    assert done.returncode == 0, done.stderr
    before, after = load_profile(calibrated), load_profile(file)
    assert after.model_copy(update={"provenance": before.provenance}) == before
    card = after.provenance
    assert card is not None
    assert {name: card[name] for name in ("promoted_from", "bytes_per_hour")} == before.provenance
    assert card["corpus"]["name"] == "generated:12"
    assert card["split"]["role"] == "test"
    assert card["split"]["test_indexed"] == card["split"]["calibration_indexed"] == 4
    assert card["seeds"] == {"seed": 0, "repeats": 1}
    rows = pd.read_csv(rows_file)
    assert card["n_queries"] == len(rows)
    known = rows[rows["indexed"]]
    right = known["right"] & (known["probability"] >= after.decision.threshold)
    assert card["overall"]["accepted_right"]["share"] == pytest.approx(right.mean())
    assert {one["condition"] for one in card["metrics"]} == {"clean", "white-0db"}
    told = json.loads(done.stdout)
    assert (told["profile"], told["kept"]) == ("mine", str(file))
    overall = {one["metric"]: one for one in told["overall"]}
    assert overall["accepted_right"]["share"] == pytest.approx(right.mean())
    assert {one["condition"] for one in told["by_condition"]} == {"clean", "white-0db"}


def test_a_profile_is_not_asked_about_songs_that_its_decision_was_fitted_on(
    calibrated: Path,
) -> None:
    before = calibrated.read_bytes()
    done = fpbench("accuracy", "--profile", calibrated, "--keep", "--seed", "1", *SMALL)
    assert done.returncode == 1
    assert "split with seed 1 and a calibration share of 0.5" in done.stderr
    assert "take the split that it was fitted with, seed 0" in done.stderr
    assert calibrated.read_bytes() == before


def test_a_profile_that_is_not_there_is_one_sentence() -> None:
    for command in ("accuracy", "calibrate"):
        done = fpbench(command, "--profile", "nobody", *SMALL)
        assert done.returncode == 1
        assert is_one_line(done.stderr)
        assert "nobody" in done.stderr
