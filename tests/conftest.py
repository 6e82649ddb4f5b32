"""Fixtures that tests of every package share."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

# Before anything loads NumPy, here and in all processes that tests start. The matrices of the
# tests are small: a second thread finishes none of them sooner, and takes three times the
# processor time, since it waits for its part without resting.
for libraries in ("OPENBLAS", "OMP"):
    os.environ.setdefault(f"{libraries}_NUM_THREADS", "1")

from fpcore.bulk.interrupts import held_back  # noqa: E402
from tests import audio_files, postgres, scratch, warm  # noqa: E402
from tests.order import ordered  # noqa: E402

# Shells start background jobs with SIGINT ignored, and children inherit that: Ctrl-C would then
# reach none of the commands that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each process begin with what takes long."""
    n_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = [items[i] for i in ordered([item.nodeid for item in items], n_processes)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes ``-n auto`` starts: one more than two a core, and at most six.

    Tests wait nearly half of their time: for browsers, for disks, for processes to end.
    """
    has_affinity = hasattr(os, "sched_getaffinity")
    n_cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return min(6, 2 * n_cores + 1)


def pytest_configure(config: pytest.Config) -> None:
    """Make the folders that all processes of this run share."""
    if not hasattr(config, "workerinput"):
        folder = scratch.open_folder()
        warm.open_folder(folder / "warm")
        postgres.open_folder(folder / "postgres")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the interpreter that they share."""
    if not hasattr(config, "workerinput"):
        warm.close_folder()
        postgres.close_folder()


@pytest.fixture(scope="session", autouse=True)
def forkserver() -> None:
    """Fork worker processes from one that has loaded the compiled code: it takes seconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["fpcore.bulk.learn", "fpcore.cli.parallel", "api.decoding.preload"]
    )
    with held_back():
        ensure_running()


@pytest.fixture
def make_audio(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes noisy tones as a kind of file and returns its path."""

    def make(
        kind: str,
        *,
        duration_s: float = 3.0,
        sample_rate_hz: int = 48_000,
        n_channels: int = 2,
        seed: int = 0,
    ) -> Path:
        path = tmp_path / kind
        path.write_bytes(_encoded(kind, duration_s, sample_rate_hz, n_channels, seed))
        return path

    return make


@lru_cache(maxsize=64)
def _encoded(
    kind: str, duration_s: float, sample_rate_hz: int, n_channels: int, seed: int
) -> bytes:
    """Return the bytes of such a file; to encode one takes longer than most tests of it."""
    samples = audio_files.noisy_tones(duration_s, sample_rate_hz, n_channels=n_channels, seed=seed)
    with TemporaryDirectory() as folder:
        path = audio_files.write(Path(folder, kind), samples, sample_rate_hz, kind=kind)
        return path.read_bytes()
