"""Queries of two runs are paired only where they are the same."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.report import study, tables
from experiments.report.pairing import alike_in_all, asked_by_all
from tests.experiments.cli.running import fpbench
from tests.experiments.report import synthetic_runs

FEW: dict[str, Any] = {"fingerprint": {}, "clip_lengths_s": [3]}


def one_trial(folder: Path, *, checksum: str = "0" * 64, **changes: Any) -> study.Result:
    """Return the only result of a made-up run."""
    spec = synthetic_runs.spec(**{**FEW, **changes})
    run = synthetic_runs.write_run(folder, spec, corpus_checksum=checksum)
    [result] = study.load([run.path]).results
    return result


def test_runs_that_differ_in_what_they_try_are_paired(tmp_path: Path) -> None:
    a = one_trial(tmp_path / "a")
    b = one_trial(tmp_path / "b", fingerprint={"pairs.fan_out": [7]}, clip_lengths_s=[3, 5])
    found = tables.paired(a, b)
    assert (found.n, found.n_unpaired) == (60 * 4, 60 * 4)


def test_a_condition_that_sounds_otherwise_is_not_paired(tmp_path: Path) -> None:
    soft = {"name": "room", "chain": [{"kind": "white", "snr_db": 6}]}
    loud = {"name": "room", "chain": [{"kind": "white", "snr_db": 0}]}
    a, b = (
        one_trial(tmp_path / name, degradations=["clean", condition])
        for name, condition in (("a", soft), ("b", loud))
    )
    assert tables.paired(a, b).n == 60


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seed": 1}, "drawn with the seeds 0 and 1"),
        ({"corpus": "generated:25"}, "of the corpora generated:24 and generated:25"),
        ({"checksum": "1" * 64}, "of other files in the corpus generated:24"),
    ],
)
def test_runs_of_other_seeds_or_corpora_are_not_compared(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    a, b = one_trial(tmp_path / "a"), one_trial(tmp_path / "b", **changes)
    assert tables.paired(a, b).n == 0
    done = fpbench("compare", tmp_path / "a", tmp_path / "b")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"fpbench: a and b were asked queries {reason}, which cannot be")
    assert len(done.stderr.splitlines()) == 1


def test_a_report_of_runs_that_asked_other_queries_is_refused(tmp_path: Path) -> None:
    one_trial(tmp_path / "a", fingerprint={})
    one_trial(tmp_path / "b", fingerprint={"pairs.fan_out": [12]}, seed=1)
    done = fpbench("report", tmp_path / "a", tmp_path / "b")
    assert done.returncode == 1
    assert "drawn with the seeds 0 and 1, which cannot stand in one ranking" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_queries_are_asked_by_all_from_one_place_or_where_nobody_knows_it() -> None:
    places = {
        "same": (1.0, 1.0, 1.0),
        "moved": (1.0, 1.0, 1.1),
        "recorded": (math.nan, math.nan, math.nan),
        "known to some": (1.0, math.nan, 1.0),
    }
    rows = [
        pd.DataFrame({"query": list(places), "start_s": [found[run] for found in places.values()]})
        for run in range(3)
    ]
    alone = pd.DataFrame({"query": ["of one run"], "start_s": [math.nan]})
    assert asked_by_all([pd.concat([rows[0], alone]), *rows[1:]]) == {"same", "recorded"}


def test_conditions_are_alike_in_all_where_each_run_has_them(tmp_path: Path) -> None:
    soft, loud = (
        {"name": "room", "chain": [{"kind": "white", "snr_db": snr_db}]} for snr_db in (6, 0)
    )
    conditions = (["clean", "white-0db", soft], ["clean", "white-0db", loud], ["clean", soft])
    a, b, c = (
        one_trial(tmp_path / str(number), degradations=names).manifest
        for number, names in enumerate(conditions)
    )
    assert alike_in_all([a]) == {"clean", "white-0db", "room"}
    assert alike_in_all([a, b]) == {"clean", "white-0db"}
    assert alike_in_all([a, c]) == {"clean", "room"}
    assert alike_in_all([a, b, c]) == {"clean"}
