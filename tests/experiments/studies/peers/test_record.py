"""The record of a comparison: rows that count, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.studies.peers.record import COLUMNS, ComparisonFolder


def song(system: str, name: str, learn_s: float) -> dict[str, object]:
    costs = dict.fromkeys(COLUMNS["songs"][2:], 1.0)
    return {"system": system, "song": name, **costs, "learn_s": learn_s}


def test_a_song_that_was_learned_again_counts_once_and_one_that_was_lost_not_at_all(
    tmp_path: Path,
) -> None:
    record = ComparisonFolder(tmp_path)
    for row in (song("a", "1", 1.0), song("a", "2", 1.0), song("b", "2", 1.0), song("a", "1", 5.0)):
        record.add("songs", row)
    record.add("deaths", {"system": "a", "phase": "learning", "item": "2", "reason": "killed"})
    record.add("deaths", {"system": "b", "phase": "asking", "item": "2", "reason": "killed"})
    kept = record.songs()[["system", "song", "learn_s"]]
    assert sorted(map(tuple, kept.to_numpy())) == [("a", "1", 5.0), ("b", "2", 1.0)]


def test_what_is_not_known_reads_back_as_missing(tmp_path: Path) -> None:
    record = ComparisonFolder(tmp_path)
    row = dict.fromkeys(COLUMNS["outcomes"], 0) | {"answer": "", "ask_s": None}
    record.add("outcomes", row)
    read = record.rows("outcomes")
    assert read["ask_s"].isna().all()
    assert read["answer"].tolist() == [""]


def test_a_row_must_have_the_columns_of_its_table(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="deaths has the columns"):
        ComparisonFolder(tmp_path).add("deaths", {"system": "a"})
    assert ComparisonFolder(tmp_path).rows("deaths").empty


def test_a_damaged_manifest_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "peers.json").write_text("{")
    with pytest.raises(RunError, match=r"cannot read .*peers\.json"):
        ComparisonFolder(tmp_path).begin({}, {})
