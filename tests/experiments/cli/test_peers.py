"""``fpbench peers``: how it goes on, what it prints and what it refuses."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from experiments import workers
from experiments.cli import peers
from experiments.cli.plan_options import context_of, plan_of
from experiments.corpora import corpus
from experiments.results.run_folder import run_folder
from tests import warm
from tests.experiments import small
from tests.experiments.cli.running import PROGRAM, environment, fpbench
from tests.experiments.waiting import wait_until

pytest.importorskip("audfprint2", reason="audfprint is not installed: install the extra 'peers'")

SMALL = ("--corpus", small.CORPUS, "--condition", "clean", "--clip", "5", "--queries", "3")


# The comparison of one profile: each system is a process, which takes seconds to start.
FEWER = "from experiments.cli import peers; peers.PRESETS = ('balanced',)\n"


def test_all_presets_are_compared_unless_told(workbench: Path) -> None:
    plan = plan_of(["clean"], [5.0], 3, 0)
    context = context_of(corpus(small.CORPUS), plan, None)
    found = peers._comparison(context, profiles=[], densities=["20/3"], false_alarm_rate=0.005)
    assert [spec.name for spec in found.specs] == [
        "seed", "tiny", "balanced", "robust", "audfprint 20/3",
    ]  # fmt: skip


def test_interrupted_it_goes_on_under_the_same_name_and_prints_its_tables(
    workbench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "PRESETS", ("balanced",))
    monkeypatch.setattr(workers, "OWN_PROCESS", "forkserver")  # below, not in the first process
    arguments = (*SMALL, "--density", "20/3", "--run", "peers-by-command")
    folder = run_folder("peers-by-command").path
    with subprocess.Popen(
        [warm.python(), "-c", FEWER + PROGRAM, "peers", *arguments],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until((folder / "songs.csv").is_file, process)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate()
    assert process.returncode == 130
    assert re.search(r"interrupted: .*--run peers-by-command` goes on", complaints)
    assert not (folder / "accuracy.csv").exists()

    done = fpbench("peers", *arguments)
    assert done.returncode == 0, done.stderr
    systems = "balanced +audfprint 20/3"
    assert re.search(rf"^ +{systems}$", done.stdout, re.MULTILINE)
    assert "threshold for 0.5% false alarms" in done.stdout
    assert re.search(r"^false alarms( +\d+\.\d \(\d+-\d+\)){2}$", done.stdout, re.MULTILINE)
    assert str(folder) in done.stdout
    costs = pd.read_csv(folder / "costs.csv", index_col="system").loc["audfprint 20/3"]
    row = re.search(r"^audfprint 20/3 +([\d.]+) +([\d.]+) ", done.stdout, re.MULTILINE)
    assert row
    assert float(row[1]) == pytest.approx(costs["postings_per_s"], abs=0.06)
    assert float(row[2]) == pytest.approx(costs["bytes_per_hour"] / 1e6, abs=0.006)
    told = json.loads(fpbench("peers", *arguments, "--json").stdout)
    assert [one["system"] for one in told["costs"]] == ["balanced", "audfprint 20/3"]
    assert told["costs"][1]["bytes_per_hour"] == pytest.approx(costs["bytes_per_hour"])
    assert {one["metric"] for one in told["accuracy"]} >= {"accepted_right", "false_accept"}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--density", "20"), 2, "a density and a fan-out look like 20/3, got '20'"),
        (("--density", "0/3"), 2, "look like 20/3"),
        (("--condition", "snow"), 1, "there is no condition 'snow'"),
        (("--profile", "seed"), 1, "every system needs a name of its own"),
        (("--run", "a b"), 1, "cannot name a run"),
    ],
)
def test_bad_input_is_told(
    workbench: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = fpbench("peers", *SMALL, *arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
