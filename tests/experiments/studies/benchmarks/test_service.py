"""The benchmark of the service, on a real server: what it measures, and what it refuses."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from experiments.corpora import Corpus, corpus
from experiments.studies.benchmarks.core import Figure
from experiments.studies.benchmarks.server import Server, ServerError, form_of, serving
from experiments.studies.benchmarks.service import Extent, ask, measure, overhead, press
from experiments.studies.large_index import songs
from fpcore import Library
from fpcore.profiles import load_profile
from tests.experiments import small

SMALL = Extent(
    n_songs=11,
    n_clips=3,
    n_timed=4,
    n_rounds=1,
    n_per_round=6,
    n_watched=20,
    saturation_s=1.0,
    capacity=1,
)


@pytest.fixture(scope="module")
def source(workbench: Path) -> Corpus:
    return corpus(small.CORPUS)


@pytest.fixture(scope="module")
def figures(source: Corpus) -> dict[str, Figure]:
    measured = measure(source, load_profile("balanced"), SMALL)
    return {figure.name: figure for figure in measured}


@pytest.fixture
def clip(source: Corpus, tmp_path: Path) -> Path:
    rate = load_profile("balanced").fingerprint.sample_rate_hz
    [wav] = songs.clips(source, rate, n=1, duration_s=10.0)
    path = tmp_path / "clip.wav"
    path.write_bytes(wav)
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "server", database=tmp_path / "index.db", max_jobs=1) as server:
        yield server


def one(figures: dict[str, Figure], pattern: str) -> Figure:
    [found] = [figure for name, figure in figures.items() if re.search(pattern, name)]
    return found


def test_all_that_was_promised_is_measured(figures: dict[str, Figure]) -> None:
    promised = {
        name: (figure.unit, figure.reach, figure.at_least)
        for name, figure in figures.items()
        if figure.reach is not None
    }
    assert [*promised.values()] == [
        ("ms", 25, False),
        ("×", 1.5, True),
        ("%", 5, False),
        ("ms", 100, False),
        ("ms", 100, False),
    ]
    assert all(math.isfinite(figure.value) for figure in figures.values())


def test_figures_agree_with_one_another(figures: dict[str, Figure]) -> None:
    http, core = one(figures, "^POST"), one(figures, "^the core's own call with")
    assert one(figures, "^HTTP over").value == pytest.approx(http.value - core.value)
    assert http.value > 0
    assert f"among {SMALL.n_songs} songs" in http.name
    # With one round, its own gain is the median one.
    alone, together = one(figures, "^one client"), one(figures, "^4 clients at once")
    gain = together.value / alone.value
    assert one(figures, "^throughput").value == pytest.approx(gain)
    assert one(figures, "longest").value >= one(figures, "^/healthz, p95").value > 0
    told = re.search(r"4 clients, (\d+) answered, (\d+) refused", one(figures, "p95").name)
    assert told
    assert all(int(number) > 0 for number in told.groups())


def test_memory_is_of_the_server_and_all_its_processes(server: Server) -> None:
    alone = max(one.memory_info().rss for one in psutil.Process().children(recursive=True))
    assert server.memory_bytes() > alone


def test_an_answer_other_than_the_cores_is_no_measurement(
    source: Corpus, server: Server, clip: Path, tmp_path: Path
) -> None:
    with Library.open(tmp_path / "other.db", "balanced", create=True) as library:
        library.learn(clip)
        assert library.recognize(clip).match is not None
        with pytest.raises(ServerError, match=r"the service answered 200 None, the core \("):
            list(overhead(server, library, [clip], SMALL))


def test_a_refused_request_is_no_measurement(server: Server) -> None:
    with pytest.raises(ServerError, match=r"a request was answered 415: .*unsupported_kind"):
        ask(server, [form_of(b"no audio")], n_requests=1, n_clients=1)


def test_a_crowd_counts_every_answer(server: Server, clip: Path) -> None:
    statuses = press(server.port, [form_of(clip.read_bytes())], 4, 1.0)
    assert set(statuses) <= {200, 503}
    log = (clip.parent / "server" / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    asked = [line["status"] for line in lines if line.get("path") == "/recognize"]
    assert statuses == {status: asked.count(status) for status in set(asked)}


def test_a_server_that_does_not_start_is_told_of(tmp_path: Path) -> None:
    before = psutil.Process().children()
    with pytest.raises(ServerError, match=r"does not start, its log ends with: .*FPAPI_MAX_JOBS"):
        Server(tmp_path, max_jobs=0)
    assert psutil.Process().children() == before


def test_the_command_prints_a_table(workbench: Path) -> None:
    program = "import sys; sys.argv[0] = 'fpbench'; from experiments.cli import main; main()"
    arguments = ["--corpus", small.CORPUS, "--songs", "8", "--requests", "20", "--saturation", "1"]
    done = subprocess.run(
        [sys.executable, "-c", program, "bench-service", *arguments],
        env={**os.environ, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"HTTP over the core's own call .* ms +≤ 25 +(yes|NO)", done.stdout)
    assert re.search(r"throughput of .* × +≥ 1\.5 +(yes|NO)", done.stdout)
    assert done.stdout.count("/healthz") == 2
