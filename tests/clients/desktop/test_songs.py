"""Songs: pages of a list, files of folders, and what becomes of them."""

from __future__ import annotations

import asyncio
import doctest
from pathlib import Path
from typing import Any

import pytest

from clients.desktop import songs
from clients.desktop.songs import SongList, Step
from clients.rest import SongPage
from clients.rest.errors import NoServerError, RecordingRefusedError
from clients.rest.records import Refusal


def page_of(number: int, total: int) -> SongPage:
    first = number * songs.PAGE_SONGS
    rows: Any = tuple(range(first, min(total, first + songs.PAGE_SONGS)))
    return SongPage(rows, total, songs.PAGE_SONGS, first)


def test_rows_are_there_once_their_page_is() -> None:
    listed = SongList()
    assert listed.missing(0, 250) == [0, 1, 2]
    listed.take(0, page_of(0, 150))
    assert listed.missing(0, 250) == [1]
    assert (listed.row(99), listed.row(100)) == (99, None)
    listed.take(1, page_of(1, 150))
    assert (listed.row(149), listed.row(150)) == (149, None)
    assert listed.missing(0, 150) == []


def test_pages_that_nobody_looked_at_for_long_are_forgotten() -> None:
    listed = SongList()
    for number in range(60):
        listed.take(number, page_of(number, 10_000))
    assert listed.row(0) is None
    assert listed.row(5999) == 5999
    assert SongList().missing(0, 0) == [0]


def test_files_of_a_folder_are_those_of_sound_and_named_files_are_all(tmp_path: Path) -> None:
    for name in ("b/2.MP3", "b/cover.jpg", "a/1.flac", "3.wav", "list.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = list(songs.sound_files([tmp_path, tmp_path / "list.txt"]))
    names = [str(one.relative_to(tmp_path)) for one in found]
    assert names == ["3.wav", "a/1.flac", "b/2.MP3", "list.txt"]


class Answering:
    """A client that learns what a test says."""

    def __init__(self, answers: dict[str, Exception | bool]) -> None:
        self.answers = answers

    async def learn(self, path: Path) -> Any:
        answer = self.answers[path.stem]
        if isinstance(answer, Exception):
            raise answer
        return type("Learned", (), {"created": answer})


def test_files_that_are_refused_keep_no_others_out(tmp_path: Path) -> None:
    refused = RecordingRefusedError("no audio", status=415, refusal=Refusal("", "", ""))
    answers = {"a": True, "b": refused, "c": False}
    paths = [tmp_path / f"{name}.wav" for name in answers]
    steps: list[Step] = []
    client: Any = Answering(answers)
    became = asyncio.run(songs.learn(client, paths, steps.append))
    assert (became.n_learned, became.n_known) == (1, 1)
    assert became.refused == [(paths[1], "no audio")]
    assert steps[1] == Step(1, 3, "b.wav") and steps[-1] == Step(3, 3, "")


def test_without_a_server_no_further_file_is_tried(tmp_path: Path) -> None:
    client: Any = Answering({"a": NoServerError("x")})
    paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
    with pytest.raises(NoServerError):
        asyncio.run(songs.learn(client, paths, lambda step: None))


def test_the_examples_hold() -> None:
    assert doctest.testmod(songs).failed == 0
