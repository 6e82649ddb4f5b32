"""Many recordings asked about: the same answers as one by one, whoever gives them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from fpcore.cli import parallel
from fpcore.config import Decision, Profile, QueryConfig
from fpcore.errors import AudioError, StoreError
from fpcore.library import AudioSource, Library
from fpcore.records import Recognition, StageTimes
from fpcore.store import Store
from tests.fpcore.indexed import RATE_HZ, part
from tests.fpcore.synthetic import LEAN

ANY = Decision(intercept=-3.0, weights={"log_votes": 1.5}, threshold=0.5)


@pytest.fixture
def library(six_songs: Store) -> Library:
    return Library(
        six_songs, Profile(name="test", fingerprint=LEAN, query=QueryConfig(), decision=ANY)
    )


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Nine recordings of one song or another, the fifth of which is none."""
    paths = [tmp_path / f"{number}.wav" for number in range(9)]
    for number, path in enumerate(paths):
        soundfile.write(path, part(number % 6, 3.0 + number, 5.0), RATE_HZ)
    paths[4].write_text("no sound")
    return [str(path) for path in paths]


@pytest.fixture(autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    yield
    assert not multiprocessing.active_children()


def process_id(library: Library, source: AudioSource) -> int:
    assert library.store.n_songs() == 6
    return os.getpid()


def file_name(library: Library, source: AudioSource) -> str:
    return Path(str(source)).name


def die_of_the_third(library: Library, source: AudioSource) -> str:
    if file_name(library, source) == "2.wav" and multiprocessing.parent_process():
        os.kill(os.getpid(), signal.SIGKILL)
    return file_name(library, source)


def close_and_ask(library: Library, source: AudioSource) -> int:
    library.close()
    return library.store.n_songs()


def run_out_of_memory(library: Library, source: AudioSource) -> int:
    raise MemoryError


def without_times(answer: Recognition | AudioError) -> Recognition | str:
    if isinstance(answer, AudioError):
        return str(answer)
    return replace(answer, times=StageTimes(0, 0, 0, 0))


def test_two_processes_answer_like_one_in_the_order_of_the_files(
    library: Library, files: list[str]
) -> None:
    alone = list(parallel.answers(library, files, Library.recognize, n_workers=1))
    shared = list(parallel.answers(library, files, Library.recognize, n_workers=2))
    assert list(map(without_times, shared)) == list(map(without_times, alone))
    names = [one.match.song_name for one in alone if isinstance(one, Recognition) and one.match]
    assert len(set(names)) == 5  # the fifth file is no recording
    assert isinstance(alone[4], AudioError)
    assert "4.wav" in str(alone[4])


def test_a_file_that_kills_its_process_is_told_of_and_the_others_are_answered(
    library: Library, files: list[str]
) -> None:
    found = list(parallel.answers(library, files, die_of_the_third, n_workers=2))
    assert [str(one) for one in found] == [
        f"{number}.wav"
        if number != 2
        else f"{files[2]}: its worker was killed from outside, most often for want of memory: "
        "give the same command again, with fewer --jobs"
        for number in range(9)
    ]


def test_few_files_are_answered_by_this_process(library: Library, files: list[str]) -> None:
    assert set(parallel.answers(library, files, process_id)) == {os.getpid()}


def test_others_help_once_the_rest_would_take_long(
    library: Library, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "START_S", 0.0)
    first, *rest = parallel.answers(library, files, process_id)
    assert first == os.getpid()
    assert len(rest) == 8
    assert os.getpid() not in rest
    monkeypatch.setattr(parallel, "WORTH_STARTS", float("inf"))
    assert set(parallel.answers(library, files, process_id)) == {os.getpid()}


def test_stopping_ends_the_workers(library: Library, files: list[str]) -> None:
    found = parallel.answers(library, files * 50, process_id, n_workers=2)
    next(found)
    assert multiprocessing.active_children()
    found.close()
    assert not multiprocessing.active_children()


def test_an_index_that_fails_ends_it_all(library: Library, files: list[str]) -> None:
    with pytest.raises(StoreError, match="was closed"):
        list(parallel.answers(library, files, close_and_ask, n_workers=2))
    assert library.store.n_songs() == 6


def test_too_little_memory_is_told_of_the_file(library: Library, files: list[str]) -> None:
    (answer,) = parallel.answers(library, files[:1], run_out_of_memory, n_workers=2)
    assert str(answer) == f"{files[0]}: there is not enough memory to recognise it"


@pytest.mark.parametrize("n_workers", [None, 1, 2])
def test_no_files_give_nothing(library: Library, n_workers: int | None) -> None:
    assert list(parallel.answers(library, [], process_id, n_workers=n_workers)) == []
