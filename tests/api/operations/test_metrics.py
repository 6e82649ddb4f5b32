"""Counts that Prometheus scrapes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from api.operations.metrics import FOLDER_VARIABLE
from api.service import Service
from fpcore.records import StageTimes
from tests.api.material import count, excerpt, learn, recognize, song


def test_each_stage_of_a_recognition_is_counted_with_its_seconds(idle_service: Service) -> None:
    for _ in range(2):
        idle_service.metrics.recognised(StageTimes(0.01, 0.02, 0.03, 3.0))
    lines = idle_service.metrics.text().decode().splitlines()
    for stage, seconds in (("decode", 0.02), ("fingerprint", 0.04), ("lookup", 0.06), ("align", 6)):
        assert f'fpapi_stage_seconds_count{{stage="{stage}"}} 2.0' in lines
        [told] = [
            line for line in lines if line.startswith(f'fpapi_stage_seconds_sum{{stage="{stage}"')
        ]
        assert float(told.split()[-1]) == pytest.approx(seconds)
    assert 'fpapi_stage_seconds_bucket{le="2.5",stage="align"} 0.0' in lines
    assert 'fpapi_stage_seconds_bucket{le="5.0",stage="align"} 2.0' in lines


def test_of_a_process_that_is_gone_its_counts_are_told_and_not_what_it_was_doing(
    idle_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    shared = tmp_path / "shared"
    shared.mkdir()
    for name, kind in (("fpapi_doing", "gauge_livesum"), ("fpapi_done_total", "counter")):
        counts = MmapedDict(str(shared / f"{kind}_{gone.pid}.db"))  # type: ignore[no-untyped-call]
        counts.write_value(mmap_key(name, name, [], [], "Help."), 3.0, 0.0)  # type: ignore[no-untyped-call]
        counts.close()  # type: ignore[no-untyped-call]
    monkeypatch.setenv(FOLDER_VARIABLE, str(shared))
    told = idle_service.metrics.text().decode()
    assert "fpapi_done_total 3.0" in told
    assert "fpapi_doing" not in told
    assert "fpapi_songs 0.0" in told


def test_metrics_count_requests_and_the_size_of_the_index(client: httpx.Client) -> None:
    learned = 'fpapi_requests_total{method="POST",route="/learn",status="201"}'
    before = count(client, learned), count(client, 'fpapi_stage_seconds_count{stage="lookup"}')
    fingerprints = learn(client, song(1), "First").json()["fingerprints"]
    recognize(client, excerpt(1))
    assert count(client, learned) == before[0] + 1
    assert count(client, 'fpapi_stage_seconds_count{stage="lookup"}') == before[1] + 1
    assert count(client, "fpapi_songs ") == 1
    assert count(client, "fpapi_postings ") == fingerprints
    client.get("/of/a/client's/making")
    assert "making" not in client.get("/metrics").text
