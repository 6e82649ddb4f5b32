from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from experiments.errors import RunError
from experiments.files import read_rows, write_rows, writing
from experiments.results.run_folder import FORMAT, RunFolder, run_folder, run_names
from experiments.results.trial_folder import TrialFolder

HOLD = """
import sys
from experiments.results.run_folder import run_folder
with run_folder(sys.argv[1]).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_manifest_is_replaced_whole_and_reads_back(swept: RunFolder, tmp_path: Path) -> None:
    manifest = swept.manifest()
    other = RunFolder(tmp_path / "other")
    other.write_manifest(manifest)
    assert other.manifest() == manifest
    assert [path.name for path in other.path.iterdir()] == ["manifest.json"]


def test_a_manifest_says_on_what_and_with_what_it_ran(swept: RunFolder) -> None:
    manifest = swept.manifest()
    assert manifest.corpus == "generated:8"
    assert len(manifest.corpus_checksum) == 64
    assert sum(manifest.split_sizes.values()) == 8
    assert {"numpy", "scikit-learn", "algorithm"} <= set(manifest.versions)
    assert manifest.host["n_cores"] == os.cpu_count()
    assert manifest.finished is not None
    assert manifest.swept["t000-fanout3-qfanout10"] == {
        "fingerprint.pairs.fan_out": 3,
        "query.fan_out": 10,
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"format": 99}', f"written in format 99, this version reads {FORMAT}"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        (f'{{"format": {FORMAT}}}', "is damaged at run"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RunError, match=sentence):
        RunFolder(tmp_path).manifest()


def test_a_run_that_is_not_there_is_told_with_those_that_are(swept: RunFolder) -> None:
    assert "swept" in run_names()
    with pytest.raises(RunError, match=r"no run 'nothing'.*swept"):
        run_folder("nothing").manifest()


@pytest.mark.parametrize("name", ["", "a b", "-x", "a\nb"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="cannot name a run"):
        run_folder(name)


def test_a_full_disk_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"the disk is full .*same command again"), writing(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = RunFolder(tmp_path / "file" / "run")
    with pytest.raises(RunError, match=r"cannot write .*file.*: Not a directory"), run.locked():
        pass


def test_only_one_process_runs_into_a_folder_and_a_killed_one_frees_it(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert run.holder() is None
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert run.holder() == holder.pid
        with pytest.raises(RunError, match="being run by another process"), run.locked():
            pass
        holder.kill()
    assert run.holder() is None
    with run.locked():
        assert run.holder() == os.getpid()


def test_a_trial_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    trial = TrialFolder(tmp_path / "trials" / "t000")
    with pytest.raises(ValueError, match="stop"), trial.filled() as folder:
        (folder / "outcomes.csv").touch()
        raise ValueError("stop")
    assert trial.status == "waiting"
    assert list((tmp_path / "trials").iterdir()) == []
    with trial.filled() as folder:
        (folder / "error.txt").write_text("it failed\n")
    assert (trial.status, trial.error) == ("failed", "it failed")
    with trial.filled() as folder:
        (folder / "outcomes.csv").touch()
    assert (trial.status, trial.error) == ("done", "")


def test_of_two_that_fill_the_same_trial_the_first_that_is_done_counts(tmp_path: Path) -> None:
    trial = TrialFolder(tmp_path / "trials" / "t000")
    with trial.filled() as second:
        (second / "second").touch()
        with trial.filled() as first:
            (first / "first").touch()
    assert sorted(path.name for path in trial.path.iterdir()) == ["done", "first"]
    assert [path.name for path in (tmp_path / "trials").iterdir()] == ["t000"]


def test_rows_keep_every_bit_and_empty_texts_stay_texts(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "query": ["a,b", 'say "x"'],
            "answer": ["", "NA"],
            "probability": [0.1 + 0.2, 5e-324],
            "offset_error_s": [float("nan"), -0.0],
            "right": [True, False],
        }
    )
    write_rows(rows, tmp_path / "rows.csv")
    again = read_rows(tmp_path / "rows.csv")
    pd.testing.assert_frame_equal(again, rows, check_exact=True)
    write_rows(again, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "rows.csv").read_bytes()


def test_costs_that_were_not_measured_are_nan(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(json.dumps({"build_s": None, "n_songs": 3}))
    costs = TrialFolder(tmp_path).index
    assert costs["n_songs"] == 3
    assert costs["build_s"] != costs["build_s"]
