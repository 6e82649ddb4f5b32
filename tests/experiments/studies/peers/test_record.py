"""The record of a comparison: rows that count, and what cannot be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.studies.peers.record import COLUMNS, ComparisonFolder

SETTINGS = {"seed": 1}


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


def begun(folder: Path, settings: dict[str, object] | None = None) -> ComparisonFolder:
    """Return a record of two songs, of which one has a name of two lines."""
    record = ComparisonFolder(folder)
    record.begin(settings or SETTINGS, {"run": "r"})
    record.add("songs", song("a", "1", 0.1))
    record.add("songs", song("a", 'two\n"lines"', 1 / 3))
    return record


def test_rows_are_gone_on_with_and_read_back_the_same(tmp_path: Path) -> None:
    begun(tmp_path)
    record = ComparisonFolder(tmp_path)
    record.begin(SETTINGS, {})
    record.add("songs", song("b", "1", 2.0))
    read = ComparisonFolder(tmp_path).rows("songs")
    assert read["song"].tolist() == ["1", 'two\n"lines"', "1"]
    assert read["learn_s"].tolist() == [0.1, 1 / 3, 2.0]
    assert list(read.columns) == list(COLUMNS["songs"])


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.1", "0.2"), ("a,1,", "b,1,"), ("learn_s,", "learn_x,learn_s,")],
    ids=["number", "text", "column"],
)
def test_a_row_that_was_altered_is_refused(tmp_path: Path, old: str, new: str) -> None:
    record = begun(tmp_path)
    file = tmp_path / "songs.csv"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    for attempt in (
        lambda: record.rows("songs"),
        lambda: ComparisonFolder(tmp_path).begin(SETTINGS, {}),
        lambda: ComparisonFolder(tmp_path).add("songs", song("b", "1", 2.0)),
    ):
        with pytest.raises(RunError, match=r"songs\.csv is not as it was written \(row 1\): put"):
            attempt()


def test_rows_of_another_comparison_or_table_and_rows_that_are_gone_are_refused(
    tmp_path: Path,
) -> None:
    begun(tmp_path / "one")
    other = begun(tmp_path / "other", {"seed": 2})
    shutil.copy(tmp_path / "one" / "songs.csv", tmp_path / "other" / "songs.csv")
    with pytest.raises(RunError, match=r"songs\.csv is not as it was written \(row 1\)"):
        other.rows("songs")
    first = begun(tmp_path / "first")
    file = tmp_path / "first" / "songs.csv"
    header, _, rest = file.read_text().split("\n", 2)
    file.write_text(f"{header}\n{rest}")
    with pytest.raises(RunError, match=r"row 1"):
        first.rows("songs")


def test_a_finished_comparison_misses_its_last_rows(tmp_path: Path) -> None:
    record = begun(tmp_path)
    record.finish({"finished": "now"})
    assert len(record.rows("songs")) == 2
    file = tmp_path / "songs.csv"
    header, first, _ = file.read_text().split("\n", 2)
    file.write_text(f"{header}\n{first}\n")
    with pytest.raises(RunError, match=r"songs\.csv .* \(rows are missing at its end\)"):
        record.rows("songs")
    file.unlink()
    with pytest.raises(RunError, match=r"cannot read .*songs\.csv"):
        record.rows("songs")


@pytest.mark.parametrize("left", [-3, -20, -60])
def test_half_a_row_that_a_killed_process_left_is_taken_away(tmp_path: Path, left: int) -> None:
    begun(tmp_path)
    file = tmp_path / "songs.csv"
    file.write_bytes(file.read_bytes()[:left])
    record = ComparisonFolder(tmp_path)
    record.begin(SETTINGS, {})
    record.add("songs", song("b", "2", 2.0))
    assert ComparisonFolder(tmp_path).rows("songs")["song"].tolist() == ["1", "2"]


@pytest.mark.parametrize("n_bytes", [0, 10])
def test_half_a_header_is_taken_away(tmp_path: Path, n_bytes: int) -> None:
    begun(tmp_path)
    file = tmp_path / "songs.csv"
    file.write_bytes(file.read_bytes()[:n_bytes])
    record = ComparisonFolder(tmp_path)
    assert record.rows("songs").empty
    record.begin(SETTINGS, {})
    record.add("songs", song("b", "2", 2.0))
    assert record.rows("songs")["song"].tolist() == ["2"]


def test_rows_and_manifests_of_before_there_were_checksums_are_read_as_they_are(
    tmp_path: Path,
) -> None:
    (tmp_path / "deaths.csv").write_text("system,phase,item,reason\na,asking,1,killed\n")
    (tmp_path / "peers.json").write_text('{"format": 1, "settings": {"seed": 1}}')
    record = ComparisonFolder(tmp_path)
    record.begin(SETTINGS, {})
    record.add("deaths", {"system": "b", "phase": "asking", "item": "2", "reason": "killed"})
    record.finish({})
    assert record.rows("deaths")["item"].tolist() == ["1", "2"]


def test_a_manifest_that_was_altered_is_refused(tmp_path: Path) -> None:
    record = begun(tmp_path)
    file = tmp_path / "peers.json"
    file.write_text(file.read_text().replace('"seed": 1', '"seed": 3'))
    with pytest.raises(RunError, match=r"peers\.json is not as it was written: put back"):
        record.rows("songs")
