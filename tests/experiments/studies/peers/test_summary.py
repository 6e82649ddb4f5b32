"""The summary of a finished comparison: its order, its files and its notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.studies.peers.record import ComparisonFolder
from experiments.studies.peers.summary import Summary, summarise

SYSTEMS = ("second to none", "alpha")
CONDITIONS = ("white-0db", "clean")
N_UNKNOWN = 3
"""Left-out songs that each system is asked about in each half, under each condition."""


def outcome(
    system: str, condition: str, number: int, *, indexed: bool, role: str
) -> dict[str, Any]:
    """Return a row of a clip that gets the right name where there is one, or none."""
    track = f"{role} {'song' if indexed else 'stranger'} {number}"
    return {
        "system": system, "query": f"{track}/5s/{condition}", "track": track, "work": track,
        "condition": condition, "clip_s": 5.0, "start_s": 1.0, "indexed": indexed, "role": role,
        "answer": track if indexed else "", "right": indexed, "score": 9.0 if indexed else 0.0,
        "accepted": indexed, "offset_s": 1.0, "ask_s": 0.2, "ask_cpu_s": 0.1, "memory_bytes": 10,
    }  # fmt: skip


def settings(false_alarm_rate: float) -> dict[str, Any]:
    return {
        "systems": {name: {"family": name} for name in SYSTEMS},
        "plan": {"conditions": [{"name": name} for name in CONDITIONS]},
        "false_alarm_rate": false_alarm_rate,
    }


def finished(folder: Path, false_alarm_rate: float) -> ComparisonFolder:
    """Return the record of a comparison, whose rows are in no order."""
    record = ComparisonFolder(folder)
    record.begin(settings(false_alarm_rate), {"started": "2025-01-01T10:00:00+00:00"})
    for system in reversed(SYSTEMS):
        learned = {"song": "test song 0", "audio_s": 60.0, "decode_s": 1.0, "decode_cpu_s": 1.0}
        record.add("songs", {"system": system, **learned, "learn_s": 1.0, "learn_cpu_s": 1.0})
        size = {"n_songs": 1, "audio_s": 60.0, "n_postings": 600, "n_bytes": 6000}
        record.add("indexes", {"system": system, **size, "save_s": 1.0, "save_cpu_s": 1.0})
        for condition in sorted(CONDITIONS):
            record.add("outcomes", outcome(system, condition, 0, indexed=True, role="test"))
            for number in range(N_UNKNOWN):
                for role in ("test", "calibration"):
                    unknown = outcome(system, condition, number, indexed=False, role=role)
                    record.add("outcomes", unknown)
    return record


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> ComparisonFolder:
    return finished(tmp_path_factory.mktemp("comparison"), 0.005)


@pytest.fixture(scope="module")
def summary(record: ComparisonFolder) -> Summary:
    return summarise(record)


def test_systems_and_conditions_come_as_they_were_asked_for(summary: Summary) -> None:
    assert list(dict.fromkeys(summary.accuracy["system"])) == list(SYSTEMS)
    assert list(dict.fromkeys(summary.accuracy["condition"])) == ["all", *CONDITIONS]
    assert summary.costs.index.tolist() == list(SYSTEMS)


def test_tables_and_figures_of_every_length_are_written_beside_the_rows(
    record: ComparisonFolder, summary: Summary
) -> None:
    made = {path.name for path in record.folder.iterdir()}
    assert made >= {"accuracy.csv", "costs.csv", "accuracy-size-5s.png", "conditions-5s.png"}
    written = pd.read_csv(record.folder / "accuracy.csv")
    assert written["share"].tolist() == pytest.approx(summary.accuracy["share"].tolist())
    costs = pd.read_csv(record.folder / "costs.csv", index_col="system")
    assert costs["bytes_per_hour"].tolist() == [360_000.0] * 2


def test_the_record_says_when_it_was_finished_and_keeps_what_it_said_before(
    record: ComparisonFolder, summary: Summary
) -> None:
    manifest = record.manifest()
    assert manifest["finished"] > manifest["started"]
    assert manifest["settings"] == settings(0.005)


def test_what_the_calibration_queries_are_too_few_to_show_is_told_once(
    summary: Summary, tmp_path: Path
) -> None:
    assert summary.notes == (
        "Calibration: only 6 queries of left-out songs, where 0.5% false alarms need 200 to "
        "allow a single one; thresholds lie above all of them.",
    )
    assert summarise(finished(tmp_path, 0.25)).notes == ()
