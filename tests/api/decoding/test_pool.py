"""The pool of decoding processes: limits, losses and replacements, with real processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from api.decoding.jobs import Bounds, Extract, Hear, Job, Task
from api.decoding.pool import DecodePool
from api.errors import RefusedError, refusal_of
from fpcore import pipeline
from fpcore.audio import AudioLimits, load
from fpcore.errors import AudioError, FpError
from fpcore.profiles import load_profile
from tests.api import material, rogue_jobs

N_WORKERS = 2


@pytest.fixture
def losses() -> list[None]:
    return []


@pytest.fixture
def pool(tmp_path: Path, losses: list[None]) -> Iterator[DecodePool]:
    bounds = Bounds(memory_bytes=300_000_000, cpu_s=1, wall_s=60.0)
    task = Task(load_profile(), AudioLimits(), tmp_path / "index.db", bounds)
    pool = DecodePool(N_WORKERS, task, on_loss=lambda: losses.append(None))
    pool.start()
    yield pool
    before = pool.process_ids()
    pool.close()
    assert pool.process_ids() == []
    assert not any(psutil.pid_exists(pid) for pid in before)


def run(pool: DecodePool, job: Job[Any]) -> Any:
    return anyio.run(pool.run, job)


def test_jobs_run_in_other_processes_that_stay(pool: DecodePool) -> None:
    first = {run(pool, rogue_jobs.Tell()) for _ in range(6)}
    assert first == set(pool.process_ids())
    assert len(first) == N_WORKERS
    assert os.getpid() not in first
    assert {run(pool, rogue_jobs.Tell()) for _ in range(6)} == first


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (rogue_jobs.Spin(), "rogue.wav: takes more than 1 s of processor time"),
        (rogue_jobs.Grow(), "rogue.wav: takes more than 300 MB to decode"),
        (rogue_jobs.Die(), "rogue.wav: brings the decoder down"),
        (rogue_jobs.Die(by=signal.SIGABRT), "rogue.wav: brings the decoder down"),
    ],
    ids=["processor", "memory", "fault", "abort"],
)
def test_a_file_that_harms_its_process_is_refused_and_the_pool_goes_on(
    job: Job[Any], message: str, pool: DecodePool
) -> None:
    with pytest.raises(AudioError, match=message):
        run(pool, job)
    assert len(pool.process_ids()) == N_WORKERS
    assert {run(pool, rogue_jobs.Tell()) for _ in range(4)} == set(pool.process_ids())


def test_a_process_that_ends_without_a_signal_is_the_servers_fault(
    pool: DecodePool, losses: list[None]
) -> None:
    with pytest.raises(FpError, match="ended by itself with exit code 3") as failure:
        run(pool, rogue_jobs.Exit())
    assert refusal_of(failure.value).status == 500
    assert len(losses) == 1
    assert len(pool.process_ids()) == N_WORKERS


def test_a_process_that_cannot_be_set_up_is_the_servers_fault(tmp_path: Path) -> None:
    bounds = Bounds(memory_bytes=10**24, cpu_s=60, wall_s=60.0)
    pool = DecodePool(1, Task(load_profile(), AudioLimits(), tmp_path / "x.db", bounds))
    try:
        pool.start()
        with pytest.raises(FpError) as failure:
            run(pool, rogue_jobs.Tell())
        assert refusal_of(failure.value).status == 500
    finally:
        pool.close()


def test_a_job_that_takes_too_long_is_ended(tmp_path: Path, losses: list[None]) -> None:
    task = Task(
        load_profile(), AudioLimits(), tmp_path / "x.db", Bounds(300_000_000, 60, wall_s=0.2)
    )
    pool = DecodePool(1, task, on_loss=lambda: losses.append(None))
    try:
        pool.start()
        with pytest.raises(AudioError, match=r"takes longer than 0.2 s to work on"):
            run(pool, rogue_jobs.Wait(note=tmp_path / "note"))
        assert len(losses) == 1
        assert len(pool.process_ids()) == 1
    finally:
        pool.close()


def test_a_process_killed_at_work_costs_one_request_which_may_try_again(
    tmp_path: Path, pool: DecodePool, losses: list[None]
) -> None:
    before = set(pool.process_ids())
    note = tmp_path / "note"
    with ThreadPoolExecutor(1) as threads:
        lost = threads.submit(run, pool, rogue_jobs.Wait(note=note))
        while not note.exists() or not note.read_text():
            threading.Event().wait(0.005)
        assert run(pool, rogue_jobs.Tell()) in before
        os.kill(int(note.read_text()), signal.SIGKILL)
        with pytest.raises(RefusedError, match="killed from outside") as refusal:
            lost.result(timeout=60)
    assert refusal.value.status == 503
    assert "Retry-After" in refusal.value.headers
    assert len(losses) == 1
    assert len(set(pool.process_ids()) - before) == 1
    assert len(pool.process_ids()) == N_WORKERS


def test_a_process_killed_while_idle_costs_nothing(pool: DecodePool, losses: list[None]) -> None:
    before = pool.process_ids()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    while pool.process_ids():
        threading.Event().wait(0.005)
    after = {run(pool, rogue_jobs.Tell()) for _ in range(4)}
    assert len(after) == N_WORKERS
    assert after.isdisjoint(before)
    assert len(losses) == N_WORKERS


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_does_not_reach_them(
    sent: int, pool: DecodePool, losses: list[None]
) -> None:
    run(pool, rogue_jobs.Tell())
    run(pool, rogue_jobs.Tell())
    before = set(pool.process_ids())
    for pid in before:
        os.kill(pid, sent)
    assert {run(pool, rogue_jobs.Tell()) for _ in range(4)} == before
    assert losses == []


def test_what_nobody_foresaw_is_an_error_and_the_process_lives_on(
    pool: DecodePool, losses: list[None], caplog: pytest.LogCaptureFixture
) -> None:
    before = set(pool.process_ids())
    with pytest.raises(FpError, match="ZeroDivisionError"):
        run(pool, rogue_jobs.Fail())
    (record,) = [record for record in caplog.records if record.message == "a job failed"]
    assert "unforeseen" in record.fields["traceback"]  # type: ignore[attr-defined]
    assert set(pool.process_ids()) == before
    assert losses == []


def test_limits_count_for_each_job_and_not_for_all_together(
    tmp_path: Path, losses: list[None]
) -> None:
    bounds = Bounds(memory_bytes=300_000_000, cpu_s=1, wall_s=60.0)
    task = Task(load_profile(), AudioLimits(), tmp_path / "index.db", bounds)
    pool = DecodePool(1, task, on_loss=lambda: losses.append(None))
    path = tmp_path / "song.wav"
    path.write_bytes(material.song(1))
    try:
        pool.start()
        [process] = map(psutil.Process, pool.process_ids())
        # Until it has used more than the one second of processor time that a job may take.
        for _ in range(2000):
            run(pool, Hear(path, "song.wav"))
            spent_s = sum(process.cpu_times()[:2])
            if spent_s > 2.5:
                break
        assert spent_s > 2.5
        assert losses == []
    finally:
        pool.close()


def test_jobs_give_what_the_core_gives(tmp_path: Path, pool: DecodePool) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(material.song(1))
    profile = load_profile()
    signal_ = load(path, sample_rate_hz=profile.fingerprint.sample_rate_hz)
    heard = run(pool, Hear(path, "song.wav"))
    expected = pipeline.query(signal_, profile.fingerprint, profile.query)
    assert heard.windows[0].hashes.token.tolist() == expected.hashes.token.tolist()
    assert heard.windows[0].hashes.tick.tolist() == expected.hashes.tick.tolist()
    found = run(pool, Extract(path, "song.wav")).fingerprint
    whole = pipeline.fingerprint([signal_.samples], profile.fingerprint)
    assert found.hashes.token.tolist() == whole.hashes.token.tolist()
    assert found.duration_s == whole.duration_s
