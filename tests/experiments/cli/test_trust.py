"""``fpbench trust``: what it prints of loops that are done, and what it refuses first."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from experiments.files import write_rows
from tests.experiments import small
from tests.experiments.cli.running import fpbench
from tests.experiments.studies.trust.made_up import TRUTH, loops

SMALL = ("trust", "--spec", "trust", "--corpus", small.CORPUS, "--tracks", "8", "--half", "test")


def test_loops_that_are_done_are_told_in_a_table_and_a_picture(
    workbench: Path, tmp_path: Path
) -> None:
    done = loops({"promoted_n_named": 9, "is_baseline": True})
    write_rows(done.assign(n_tracks=8, seed=range(10)), tmp_path / "trust.csv")
    write_rows(TRUTH, tmp_path / "truth.csv")
    said = fpbench(*SMALL, "--out", str(tmp_path))
    assert said.returncode == 0, said.stderr
    assert "trust, 8 tracks, 10 samples" in said.stdout
    lines = said.stdout.splitlines()
    assert [line.split()[-1] for line in lines if "the same, worst" in line] == ["yes", "no"]
    assert "1 of 10 stay with the baseline, 0 promotions are refused" in lines
    assert (tmp_path / "trust.png").read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_csv(tmp_path / "trust.csv")) == 10
    [told] = json.loads(fpbench(*SMALL, "--out", str(tmp_path), "--json").stdout)["found"]
    assert (told["spec"], told["n_tracks"], told["n_samples"]) == ("trust", 8, 10)
    assert [one["reached"] for one in told["findings"] if "the same, worst" in one["what"]] == [
        True,
        False,
    ]


def test_a_sample_that_leaves_no_strangers_is_refused(workbench: Path, tmp_path: Path) -> None:
    write_rows(TRUTH, tmp_path / "truth.csv")
    said = fpbench(*SMALL, "--out", str(tmp_path))
    assert said.returncode == 1
    assert "4 works are too few to draw 8 and leave 4 strangers" in said.stderr
    assert len(said.stderr.splitlines()) == 1
