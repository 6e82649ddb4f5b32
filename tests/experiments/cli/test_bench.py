"""``fpbench bench`` and its kin: what they print of figures, and what they refuse."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest

from experiments.cli import bench
from experiments.studies.benchmarks import service
from experiments.studies.benchmarks.core import Figure
from tests.experiments import small
from tests.experiments.cli.running import fpbench

LITTLE = partial(service.Extent, n_clips=2, n_timed=4, n_rounds=1, n_per_round=6, capacity=1)


def test_the_command_prints_a_table(workbench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "Extent", LITTLE)
    arguments = ("--corpus", small.CORPUS, "--songs", 8, "--requests", 20, "--saturation", 1)
    done = fpbench("bench-service", *arguments)
    assert done.returncode == 0, done.stderr
    assert re.search(r"HTTP over the core's own call .* ms +≤ 25 +(yes|NO)", done.stdout)
    assert re.search(r"throughput of .* × +≥ 1\.5 +(yes|NO)", done.stdout)
    assert done.stdout.count("/healthz") == 2


def test_figures_are_told_in_json_with_what_they_are_to_reach(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = [
        Figure("look-up", 3.0, "ms", 2.0),
        Figure("speed", 3.0, "×", 2.0, at_least=True),
        Figure("size", float("nan"), "MB"),
    ]
    bench._print(figures, as_json=True)
    told = json.loads(capsys.readouterr().out)["figures"]
    assert [one["reached"] for one in told] == [False, True, None]
    assert [one["value"] for one in told] == [3.0, 3.0, None]


@pytest.mark.parametrize(
    ("command", "arguments", "code", "sentence"),
    [
        ("bench", ("--postings", 1), 2, "Input should be greater than or equal to 100000"),
        ("bench", ("--corpus", "nothing"), 1, "no corpus 'nothing'"),
        ("bench-scale", ("--songs", 999), 2, "Input should be greater than or equal to 1000"),
        ("bench-scale", ("--profile", "nobody"), 1, "nobody"),
        ("bench-service", ("--requests", 19), 2, "Input should be greater than or equal to 20"),
        ("bench-sweep", ("--alone", 26), 2, "Input should be less than or equal to 25"),
        ("bench-sweep", ("--corpus", "generated:3"), 1, "too few"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    workbench: Path, command: str, arguments: tuple[object, ...], code: int, sentence: str
) -> None:
    done = fpbench(command, "--corpus", small.CORPUS, *arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert done.stdout == ""
