"""What a comparison does when all goes well, when it is interrupted and when systems die."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from experiments.errors import RunError
from experiments.studies.peers import ask as module
from experiments.studies.peers.ask import compare
from experiments.studies.peers.record import ComparisonFolder
from experiments.studies.peers.summary import summarise
from experiments.studies.peers.workbench import WorkbenchSpec
from tests.experiments.studies.peers.small_comparison import (
    BALANCED,
    PLAN,
    answers,
    comparison_of,
    doomed_song,
    silent,
)
from tests.experiments.studies.peers.toy import KilledAt, ToySpec


@pytest.fixture(scope="module")
def toys(workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> ComparisonFolder:
    """A comparison of toys that went through in one go."""
    record = ComparisonFolder(tmp_path_factory.mktemp("runs") / "toys")
    compare(comparison_of(ToySpec(), ToySpec("second")), record, silent)
    return record


def test_what_is_recorded_is_not_done_again(toys: ComparisonFolder) -> None:
    before = {file.name: file.read_bytes() for file in toys.folder.iterdir()}
    compare(comparison_of(ToySpec(), ToySpec("second")), toys, silent)
    assert {file.name: file.read_bytes() for file in toys.folder.iterdir()} == before


def test_another_comparison_under_the_same_name_is_refused(toys: ComparisonFolder) -> None:
    others = (
        comparison_of(ToySpec()),
        comparison_of(ToySpec(), ToySpec("second", failing_at="x")),
        comparison_of(ToySpec(), ToySpec("second"), plan=replace(PLAN, seed=1)),
    )
    for other in others:
        with pytest.raises(RunError, match=r"'toys' compares something else.*--run"):
            compare(other, toys, silent)


@pytest.mark.parametrize("stage", ["learning", "asking"])
def test_an_interrupted_comparison_goes_on_to_the_same_rows(
    stage: str, toys: ComparisonFolder, tmp_path: Path
) -> None:
    def interrupt(label: str, n_done: int, n_total: int) -> None:
        if (label, n_done) == (stage, 3):
            raise KeyboardInterrupt

    record = ComparisonFolder(tmp_path / "interrupted")
    wanted = comparison_of(ToySpec(), ToySpec("second"))
    with pytest.raises(KeyboardInterrupt):
        compare(wanted, record, interrupt)
    assert len(record.rows("outcomes")) < len(toys.rows("outcomes"))
    assert not record.rows("songs").empty
    compare(wanted, record, silent)
    pd.testing.assert_frame_equal(answers(record), answers(toys))
    both = [one.songs()[["system", "song"]] for one in (record, toys)]
    assert sorted(map(tuple, both[0].to_numpy())) == sorted(map(tuple, both[1].to_numpy()))


def test_songs_that_a_crash_took_along_are_learned_again(workbench: Path, tmp_path: Path) -> None:
    # A profile writes many songs at once: all that came before the crash are lost with it.
    doomed = doomed_song()
    spec = KilledAt(WorkbenchSpec(BALANCED), doomed)
    record = ComparisonFolder(tmp_path / "ours-killed")
    wanted = comparison_of(spec, plan=replace(PLAN, n_indexed=2, n_left_out=2))
    compare(wanted, record, silent)
    assert len(record.rows("deaths")) == 1
    indexed = {track.id for track in wanted.context.parts.indexed}
    assert set(record.songs()["song"]) == indexed - {doomed}
    assert record.rows("indexes")["n_songs"].tolist() == [len(indexed) - 1]


def test_a_clip_that_a_system_dies_on_is_counted_and_has_no_answer(
    workbench: Path, tmp_path: Path
) -> None:
    # Clips are asked for as files of this name.
    spec = ToySpec(failing="killed", failing_at="clip")
    record = ComparisonFolder(tmp_path / "deadly")
    wanted = comparison_of(spec, plan=replace(PLAN, n_indexed=1, n_left_out=1))
    compare(wanted, record, silent)
    rows = record.rows("outcomes")
    assert rows["answer"].tolist() == [""] * 6
    assert rows["ask_s"].isna().all()
    assert sorted(record.rows("deaths")["item"]) == sorted(rows["query"])
    assert summarise(record).costs["deaths_asking"].tolist() == [6]


def test_a_system_that_dies_on_everything_ends_the_comparison(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workbench: Path
) -> None:
    monkeypatch.setattr(module, "HOPELESS", 1)
    first = comparison_of().context.parts.indexed[0].id
    spec = ToySpec(failing="raising", failing_at=first)
    with pytest.raises(RunError, match=r"toy died on each of the first 1 files \(ValueError"):
        compare(comparison_of(spec), ComparisonFolder(tmp_path / "hopeless"), silent)


def test_two_systems_of_one_name_are_refused(workbench: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="a name of its own, got toy, toy"):
        compare(comparison_of(ToySpec(), ToySpec()), ComparisonFolder(tmp_path / "twice"), silent)
