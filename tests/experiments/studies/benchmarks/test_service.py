"""The benchmark of the service, on a real server: what it measures, and what it refuses."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from experiments.corpora import Corpus
from experiments.studies.benchmarks.core import Figure
from experiments.studies.benchmarks.server import Server, ServerError, form_of, serving
from experiments.studies.benchmarks.service import Extent, ask, measure, overhead, press
from fpcore import Library
from fpcore.profiles import load_profile

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
def figures(source: Corpus) -> dict[str, Figure]:
    measured = measure(source, load_profile("balanced"), SMALL)
    return {figure.name: figure for figure in measured}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server with an empty index, which works on one request at a time."""
    with serving(folder, database=folder / "index.db", max_jobs=1) as server:
        yield server


def one(figures: dict[str, Figure], pattern: str) -> Figure:
    [found] = [figure for name, figure in figures.items() if re.search(pattern, name)]
    return found


def answered(folder: Path) -> Counter[int]:
    """Return how often each status was the answer to a recording, as the server's log says."""
    log = (folder / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines(keepends=True) if line.endswith("\n")]
    return Counter(line["status"] for line in lines if line.get("path") == "/recognize")


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


def test_a_crowd_counts_every_answer(folder: Path, server: Server, clip: Path) -> None:
    before = answered(folder)
    statuses = press(server.port, [form_of(clip.read_bytes())], 4, 1.0)
    assert set(statuses) <= {200, 503}
    # The server writes the line of an answer after it has sent it.
    deadline = monotonic() + 10
    while answered(folder) - before != statuses and monotonic() < deadline:
        sleep(0.02)
    assert answered(folder) - before == statuses
