"""Counts and times for Prometheus, of one server process or of all that share a folder.

Several uvicorn workers answer on one port, and a scrape reaches any of them. When
``PROMETHEUS_MULTIPROC_DIR`` names a folder before the processes start (``python -m api`` sees
to it), each writes its counts there and every scrape gets their sum; without it a scrape gets
those of the process it reaches.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from fpcore.records import StageTimes
from fpcore.store import Store

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)


class Metrics:
    """What a server process counts."""

    def __init__(self, store: Store) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        own = CollectorRegistry()
        self.requests = Counter(
            "fpapi_requests", "Answered requests.", ["method", "route", "status"], registry=own
        )
        self.request_s = Histogram(
            "fpapi_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=own,
        )
        self.in_flight = Gauge(
            "fpapi_requests_in_flight",
            "Requests that are being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self.stage_s = Histogram(
            "fpapi_stage_seconds", "Stages of recognition.", ["stage"], buckets=_SECONDS,
            registry=own,
        )  # fmt: skip
        self.lost_workers = Counter(
            "fpapi_decode_workers_lost",
            "Decoding processes that crashed, were killed or exceeded a limit.",
            registry=own,
        )
        self._own = own
        self._store = store

    def recognised(self, times: StageTimes) -> None:
        """Count the stages of one recognition."""
        for stage in ("decode", "fingerprint", "lookup", "align"):
            self.stage_s.labels(stage).observe(getattr(times, f"{stage}_s"))

    def text(self) -> bytes:
        """Return all counts in Prometheus's text format; reads the store."""
        folder = os.environ.get(FOLDER_VARIABLE)
        registry = self._own
        if folder:
            registry = CollectorRegistry()
            _forget_the_dead(Path(folder))
            MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        index = CollectorRegistry()
        index.register(_IndexSize(self._store))
        return generate_latest(registry) + generate_latest(index)


class _IndexSize(Collector):
    """The size of the index, which is the same for all processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of songs, postings and bytes."""
        stats = self._store.stats()
        yield GaugeMetricFamily("fpapi_songs", "Songs in the index.", stats.n_songs)
        yield GaugeMetricFamily("fpapi_postings", "Postings in the index.", stats.n_postings)
        yield GaugeMetricFamily("fpapi_index_bytes", "Bytes of the index.", stats.file_bytes)


def _forget_the_dead(folder: Path) -> None:
    """Drop the gauges of processes that are gone; their counters go on counting."""
    process_ids = {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*.db")}
    for process_id in process_ids:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            mark_process_dead(process_id, str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            pass
