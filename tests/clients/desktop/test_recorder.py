"""Recorder: as much as was wanted, what is seen meanwhile, and sources that give nothing."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.desktop.jobs import Jobs
from clients.desktop.recorder import Heard, record
from clients.desktop.sources import FileInput, NoSoundError
from tests.api.material import RATE_HZ, excerpt
from tests.clients.desktop.test_jobs import until


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


@pytest.fixture
def source(tmp_path: Path) -> FileInput:
    path = tmp_path / "heard.wav"
    path.write_bytes(excerpt(1, duration_s=3.0))
    return FileInput(path)


@pytest.mark.parametrize(("wanted_s", "given_s"), [(1.0, 1.0), (9.0, 3.0)])
def test_a_recording_is_the_begin_of_what_is_heard(
    wanted_s: float, given_s: float, jobs: Jobs, source: FileInput
) -> None:
    seen: list[Heard] = []
    came: list[bytes] = []
    job = record(
        source, wanted_s, jobs=jobs, heard=seen.append, done=came.append, failed=pytest.fail
    )
    until(jobs, lambda: job.is_over)
    with wave.open(io.BytesIO(came[0])) as file, wave.open(str(source.path)) as whole:
        assert (file.getnchannels(), file.getframerate()) == (1, RATE_HZ)
        n_frames = round(given_s * RATE_HZ)
        assert file.readframes(10**9) == whole.readframes(n_frames)
    assert [round(one.so_far_s, 2) for one in seen[:2]] == [0.05, 0.1]
    assert seen[-1].so_far_s == pytest.approx(given_s)
    assert sum(len(one.columns) for one in seen) == pytest.approx(given_s / 0.04, abs=2)
    assert max(one.level_db for one in seen) > -40


def test_a_source_without_sound_is_told_and_a_cancelled_one_is_not(
    jobs: Jobs, source: FileInput, tmp_path: Path
) -> None:
    failed: list[Exception] = []
    (tmp_path / "no.wav").write_bytes(b"RIFF")
    (tmp_path / "empty.wav").write_bytes(excerpt(1, duration_s=0.0))
    for name in ("no.wav", "empty.wav", "nowhere.wav"):
        job = record(
            FileInput(tmp_path / name),
            1.0,
            jobs=jobs,
            heard=lambda heard: None,
            done=pytest.fail,
            failed=failed.append,
        )
        until(jobs, lambda one=job: one.is_over)
    assert all(isinstance(one, NoSoundError) for one in failed)
    assert [str(one).split(" ")[2] for one in failed] == ["no.wav", "empty.wav", "nowhere.wav"]
    job = record(source, 1.0, jobs=jobs, heard=pytest.fail, done=pytest.fail, failed=pytest.fail)
    job.cancel()
    until(jobs, lambda: job.is_over)
