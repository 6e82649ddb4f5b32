"""Processes of systems: what they reply, and what happens when they die."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.studies.peers.process import (
    Ask,
    Asked,
    Died,
    Learn,
    Learned,
    Save,
    Saved,
    SystemProcess,
)
from tests.experiments.studies.peers.toy import ToySpec
from tests.orphans import left_after_a_kill

FILE = Path("never-read.flac")

STARTED = """
import sys
from pathlib import Path
from experiments.studies.peers.process import SystemProcess
from tests.experiments.studies.peers.toy import ToySpec

if __name__ == "__main__":
    with SystemProcess(ToySpec(failing="resting"), Path(sys.argv[1])):
        pass
"""


@pytest.fixture(scope="module", autouse=True)
def quickly_started() -> None:
    """Start Python for each process, as users do."""


def learn(process: SystemProcess, *names: str) -> list[object]:
    return [process.request(Learn(name, FILE)) for name in names]


def test_a_system_learns_saves_and_answers_in_a_process_of_its_own(tmp_path: Path) -> None:
    with SystemProcess(ToySpec(), tmp_path) as process:
        assert all(isinstance(one, Learned) for one in learn(process, "a", "b", "c"))
        assert process.songs == {"a", "b", "c"}
        saved = process.request(Save())
        assert isinstance(saved, Saved)
        assert saved.n_postings == 30
        known, unknown = (process.request(Ask(Path(name))) for name in ("a.wav", "z.wav"))
    assert isinstance(known, Asked)
    assert isinstance(unknown, Asked)
    assert (known.answer.song, known.answer.score, known.answer.accepted) == ("a", 7.0, True)
    assert (unknown.answer.song, unknown.answer.accepted) == ("", False)
    assert 10e6 < known.memory_bytes < 10e9
    assert known.ask.wall_s > 0


def test_a_killed_system_is_restarted_and_has_lost_only_what_it_had_not_written(
    tmp_path: Path,
) -> None:
    with SystemProcess(ToySpec(failing="killed", failing_at="d"), tmp_path) as process:
        learn(process, "a", "b", "c")
        assert process.request(Learn("d", FILE)) == Died("killed by SIGKILL")
        assert process.songs == {"a", "b"}
        assert isinstance(process.request(Learn("c", FILE)), Learned)
        process.request(Save())
        assert isinstance(process.request(Ask(Path("c.wav"))), Asked)


def test_a_system_killed_from_outside_in_the_middle_of_a_request_is_restarted(
    tmp_path: Path,
) -> None:
    def kill() -> None:
        pid_file = tmp_path / "pid"
        while not (pid_file.is_file() and pid_file.read_text()):
            time.sleep(0.005)
        os.kill(int(pid_file.read_text()), signal.SIGKILL)

    with SystemProcess(ToySpec(failing="hanging", failing_at="slow"), tmp_path) as process:
        learn(process, "a", "b")
        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        assert process.request(Ask(Path("slow.wav"))) == Died("killed by SIGKILL")
        killer.join()
        assert process.songs == {"a", "b"}
        assert isinstance(process.request(Ask(Path("a.wav"))), Asked)


def test_what_a_system_raises_is_the_reason_of_its_death(tmp_path: Path) -> None:
    with SystemProcess(ToySpec(failing="raising", failing_at="b"), tmp_path) as process:
        learn(process, "a")
        assert process.request(Learn("b", FILE)) == Died("ValueError: b is too loud")
        assert process.songs == frozenset()


def test_a_system_that_does_not_reply_is_killed(tmp_path: Path) -> None:
    spec = ToySpec(failing="hanging", failing_at="slow")
    with SystemProcess(spec, tmp_path, patience_s=3.0) as process:
        assert process.request(Ask(Path("slow.wav"))) == Died("no reply within 3 s")
        with pytest.raises(ProcessLookupError):  # there is no such process any more
            os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_system_that_cannot_start_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(RunError, match=r"^toy cannot be started: ValueError: no toys today$"),
        SystemProcess(ToySpec(failing="opening"), tmp_path),
    ):
        pass


def test_a_system_ends_when_the_comparison_is_killed(tmp_path: Path) -> None:
    assert left_after_a_kill(STARTED, tmp_path, n_workers=1) == []
