"""One comparison of a profile with audfprint, once whole and once killed at a song."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.corpora import corpus
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from experiments.studies.peers.ask import compare
from experiments.studies.peers.audfprint import AudfprintSpec
from experiments.studies.peers.contract import Spec
from experiments.studies.peers.record import ComparisonFolder
from experiments.studies.peers.summary import summarise
from experiments.studies.peers.workbench import WorkbenchSpec
from tests.experiments import small
from tests.experiments.studies.peers.small_comparison import (
    BALANCED,
    N_QUERIES,
    PLAN,
    answers,
    comparison_of,
    doomed_song,
    silent,
)
from tests.experiments.studies.peers.toy import KilledAt

pytest.importorskip("audfprint2", reason="audfprint is not installed: install the extra 'peers'")


@pytest.fixture(scope="module")
def doomed(workbench: Path) -> str:
    """The song that the killed system is killed at."""
    return doomed_song()


@pytest.fixture(scope="module")
def specs(doomed: str) -> list[Spec]:
    peer = AudfprintSpec(70, 8)
    return [WorkbenchSpec(BALANCED), peer, KilledAt(peer, doomed)]


@pytest.fixture(scope="module")
def record(
    workbench: Path, specs: list[Spec], tmp_path_factory: pytest.TempPathFactory
) -> ComparisonFolder:
    record = ComparisonFolder(tmp_path_factory.mktemp("runs") / "with-audfprint")
    compare(comparison_of(*specs), record, silent)
    return record


def test_every_system_answers_every_query(record: ComparisonFolder, specs: list[Spec]) -> None:
    asked = record.rows("outcomes").groupby("system")["query"]
    assert asked.nunique().to_dict() == {spec.name: N_QUERIES for spec in specs}
    assert asked.size().to_dict() == {spec.name: N_QUERIES for spec in specs}


def test_clean_clips_are_recognised_by_all(record: ComparisonFolder, specs: list[Spec]) -> None:
    table = summarise(record).accuracy
    clean = table[(table["condition"] == "clean") & (table["metric"] == "top1")]
    whole = clean[clean["system"].isin([specs[0].name, specs[1].name])]
    assert (whole["n"] == 6).all()
    assert (whole["n_right"] >= 4).all()


def test_a_killed_peer_learns_all_but_the_file_that_is_counted(
    record: ComparisonFolder, specs: list[Spec], doomed: str
) -> None:
    deaths = record.rows("deaths")
    assert deaths.to_dict("records") == [
        {
            "system": specs[2].name,
            "phase": "learning",
            "item": doomed,
            "reason": "killed by SIGKILL",
        }
    ]
    learned = record.songs().groupby("system")["song"].apply(set)
    assert learned[specs[2].name] == learned[specs[1].name] - {doomed}
    assert doomed in learned[specs[1].name]
    costs = summarise(record).costs
    assert costs["deaths_learning"].tolist() == [0, 0, 1]
    n_songs = costs["n_songs"]
    assert n_songs[specs[2].name] == n_songs[specs[1].name] - 1


def test_only_the_lost_song_is_missed_because_of_it(
    record: ComparisonFolder, specs: list[Spec], doomed: str
) -> None:
    rows = record.rows("outcomes")
    rows = rows[rows["condition"] == "clean"].set_index("query")
    whole, killed = (rows[rows["system"] == spec.name] for spec in specs[1:3])
    differing = whole["track"][whole["answer"] != killed["answer"].loc[whole.index]]
    assert set(differing) <= {doomed}
    assert doomed not in set(killed["answer"])


def test_tables_plots_and_manifest_are_in_the_folder(
    record: ComparisonFolder, specs: list[Spec]
) -> None:
    summary = summarise(record)
    assert list(summary.accuracy["system"].unique()) == [spec.name for spec in specs]
    assert list(summary.accuracy["condition"].unique()) == ["all", "clean", "pink-m5db"]
    assert "12 queries of left-out songs" in summary.notes[0]
    for name in ("accuracy-size-5s.png", "conditions-5s.png"):
        assert (record.folder / name).read_bytes().startswith(b"\x89PNG")
    for name in ("accuracy.csv", "costs.csv"):
        assert specs[1].name in (record.folder / name).read_bytes().decode()
    manifest = record.manifest()
    assert list(manifest["settings"]["systems"]) == [spec.name for spec in specs]
    assert manifest["settings"]["systems"][specs[1].name]["version"]
    assert manifest["finished"] >= manifest["started"]
    assert not (record.folder / "scratch").exists()


def test_costs_are_plausible(record: ComparisonFolder, specs: list[Spec]) -> None:
    costs = summarise(record).costs.loc[[spec.name for spec in specs[:2]]]
    assert costs["postings_per_s"].between(20, 300).all()
    assert (costs["ingest_without_decoding_x"] > costs["ingest_x"]).all()
    assert (costs["decoding_x"] > costs["ingest_x"]).all()
    assert (costs["memory_bytes"] > 50e6).all()
    assert (costs["query_p50_cpu_s"] > 0).all()


def test_our_answers_are_those_of_the_evaluation(
    record: ComparisonFolder, specs: list[Spec]
) -> None:
    context = Context.of(corpus(small.CORPUS), PLAN)
    expected = index_and_ask(context, BALANCED, "test", n_jobs=1).outcomes
    expected = expected.sort_values("query", ignore_index=True)
    rows = answers(record)
    ours = rows[(rows["system"] == BALANCED.name) & (rows["role"] == "test")]
    ours = ours.reset_index(drop=True)
    for column in ("query", "start_s", "indexed", "answer", "right"):
        assert ours[column].tolist() == expected[column].tolist()
    assert ours["score"].to_numpy() == pytest.approx(expected["probability"].to_numpy())
