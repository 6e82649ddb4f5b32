"""Recordings are answered once and in order, whatever server, network and program do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from clients import history
from clients.history import Entry, History
from clients.mobile.session import MAX_ENTRIES, SOURCE, PhoneSession
from clients.mobile.waiting import Waiting, made_at
from clients.rest import Patience
from tests.api.conftest import KEY
from tests.api.material import excerpt
from tests.api.server import Server
from tests.clients.conftest import SONGS, Shared
from tests.clients.desktop.pretending import Pretending, pretending, refusal

TIMEOUT_S = 120.0
TIMES = ("decode_s", "fingerprint_s", "lookup_s", "align_s", "total_s")
NOBODY = "http://127.0.0.1:9"
SOON = (0.01,)


def found(name: str) -> dict[str, Any]:
    """Return a recognition as the service answers it."""
    return {
        "matched": True, "song_id": 7, "song_name": name, "matches": 90, "confidence": 0.97,
        "offset_s": 3.0, "start_s": 0.0, "end_s": 10.0, "song_offset_s": 3.0, "pitch": None,
        "tempo": None, "candidates": [], "appearances": None, "query_s": 10.0, "hashes": 900,
        "warning": None, "as_of": None, "profile": {"name": "p", "digest": "d"},
        "times": dict.fromkeys(TIMES, 0.1),
    }  # fmt: skip


@contextlib.asynccontextmanager
async def opened(folder: Path, server: str, **more: Any) -> AsyncIterator[PhoneSession]:
    """Give a session that asks a server, and tries again at once."""
    options = {"patience": Patience(n_retries=0), "retry_s": SOON, **more}
    session = PhoneSession(folder, **options)
    await session.choose(address=server, key=KEY)
    try:
        yield session
    finally:
        await session.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.01)


def names(session: PhoneSession) -> list[str | None]:
    return [entry.song_name for entry in session.history.entries]


def test_a_recording_is_recognised_by_a_real_server(server: Server, tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, server.url) as session:
            assert await session.connect() == len(SONGS)
            await session.take(excerpt(2, start_s=2.0))
            assert session.problem is None and session.answer is not None
            assert session.answer.song_name == SONGS[2]
            assert session.answer.song_offset_s == pytest.approx(2.0, abs=0.05)
            assert session.n_waiting == 0
        assert list(History(tmp_path).entries) == [session.answer]

    asyncio.run(run())


def test_what_waits_is_asked_once_and_in_order_when_the_server_is_back(
    shared: Shared, tmp_path: Path
) -> None:
    """The server is killed, recordings are made, the program ends, and both begin again."""

    async def run() -> None:
        dead = shared.running()
        dead.stop()
        async with opened(tmp_path, dead.url, retry_s=(TIMEOUT_S,)) as session:
            for seed in (3, 1):
                await session.take(excerpt(seed))
            assert session.problem is not None
            assert session.problem.sentence.startswith("No server answers at")
            assert (session.n_waiting, session.answer) == (2, None)
        address = shared.running().url
        async with opened(tmp_path, address) as session:
            await session.take(excerpt(2))
            assert (session.n_waiting, session.problem) == (0, None)
            assert names(session) == [SONGS[2], SONGS[1], SONGS[3]]
            await session.ask()
            assert len(session.history.entries) == 3

    asyncio.run(run())


def test_a_server_that_goes_away_in_the_middle_is_asked_again(tmp_path: Path) -> None:
    async def run(server: Pretending) -> None:
        server.answers["/recognize"] = lambda query: None
        async with opened(tmp_path, server.address) as session:
            await session.take(excerpt(1))
            assert session.problem is not None
            assert session.problem.sentence.startswith("The connection to")
            assert session.n_waiting == 1
            server.says("/recognize", 200, found("Found"))
            await until(lambda: not session.n_waiting)
            assert names(session) == ["Found"]
            assert session.problem is None

    with pretending() as server:
        asyncio.run(run(server))


def test_an_answer_that_was_kept_just_before_the_program_ended_is_not_asked_for_again(
    tmp_path: Path,
) -> None:
    path = Waiting(tmp_path).add(excerpt(1))
    History(tmp_path, MAX_ENTRIES).add(Entry(made_at(path), SOURCE, 7, "Kept", 0.9, 1.0))

    async def run() -> None:
        async with opened(tmp_path, NOBODY) as session:
            await session.ask()
            assert (session.problem, session.n_waiting) == (None, 0)
            assert names(session) == ["Kept"]

    asyncio.run(run())


def test_windows_that_share_a_folder_ask_once(tmp_path: Path) -> None:
    async def run(server: Pretending) -> None:
        server.says("/recognize", 200, found("Found"))
        for _ in range(2):
            Waiting(tmp_path).add(excerpt(1))
        async with (
            opened(tmp_path, server.address) as first,
            opened(tmp_path, server.address) as second,
        ):
            await asyncio.gather(first.ask(), second.ask())
        assert sum("/recognize" in path for path in server.asked) == 2
        assert len(History(tmp_path).entries) == 2

    with pretending() as server:
        asyncio.run(run(server))


@pytest.mark.parametrize(
    ("status", "body", "sentence", "first", "n_waiting"),
    [
        (200, b'{"half": ', "does not answer as this client's service does", "settings", 1),
        (200, b"<html>", "does not answer as this client's service does", "settings", 1),
        (401, refusal("api_key_needed", "key"), "The server wants its API key", "settings", 1),
        (503, refusal("busy", "try again soon"), "The server is busy", "again", 1),
        (413, refusal("too_large", "shorten it"), "The recording is too large", "listen", 0),
        (422, refusal("no_audio", "it is silent"), "refused the recording", "listen", 0),
    ],
)
def test_each_refusal_is_told_and_only_what_is_of_no_use_is_given_up(
    status: int, body: bytes, sentence: str, first: str, n_waiting: int, tmp_path: Path
) -> None:
    async def run(server: Pretending) -> None:
        server.says("/recognize", status, body)
        async with opened(tmp_path, server.address, retry_s=(TIMEOUT_S,)) as session:
            await session.take(excerpt(1))
            assert session.problem is not None
            assert sentence in session.problem.sentence
            assert session.problem.ways[0] == first
            assert session.n_waiting == n_waiting
            assert names(session) == []

    with pretending() as server:
        asyncio.run(run(server))


def test_what_is_of_no_use_keeps_no_other_waiting(tmp_path: Path) -> None:
    async def run(server: Pretending) -> None:
        answers = iter(
            [(422, refusal("no_audio", "silent")), (200, json.dumps(found("B")).encode())]
        )
        server.answers["/recognize"] = lambda query: next(answers)
        for _ in range(2):
            Waiting(tmp_path).add(excerpt(1))
        async with opened(tmp_path, server.address) as session:
            await session.ask()
            assert (names(session), session.n_waiting) == (["B"], 0)
            assert session.problem is not None and "refused" in session.problem.sentence

    with pretending() as server:
        asyncio.run(run(server))


def test_a_slow_answer_is_shown_as_asking_and_then_taken(tmp_path: Path) -> None:
    came = threading.Event()

    def slowly(query: dict[str, str]) -> tuple[int, bytes]:
        assert came.wait(TIMEOUT_S)
        return 200, json.dumps(found("Late")).encode()

    async def run(server: Pretending) -> None:
        server.answers["/recognize"] = slowly
        async with opened(tmp_path, server.address) as session:
            taking = asyncio.create_task(session.take(excerpt(1)))
            await until(lambda: any("/recognize" in path for path in server.asked))
            assert session.is_asking and session.problem is None
            came.set()
            await taking
            assert not session.is_asking and names(session) == ["Late"]

    with pretending() as server:
        asyncio.run(run(server))


def test_an_answer_that_takes_too_long_is_asked_for_again(tmp_path: Path) -> None:
    came = threading.Event()

    def never(query: dict[str, str]) -> None:
        assert came.wait(TIMEOUT_S)

    async def run(server: Pretending) -> None:
        server.answers["/recognize"] = never
        patience = Patience(answer_s=0.05, n_retries=0)
        async with opened(
            tmp_path, server.address, patience=patience, retry_s=(TIMEOUT_S,)
        ) as session:
            await session.take(excerpt(1))
            assert session.problem is not None
            assert "did not answer within 0.05 s" in session.problem.sentence
            assert session.n_waiting == 1
        came.set()

    with pretending() as server:
        asyncio.run(run(server))


def test_a_disk_that_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    async def run() -> None:
        async with opened(tmp_path, NOBODY) as session:
            monkeypatch.setattr("clients.mobile.waiting.write_bytes", full)
            await session.take(b"x")
            assert session.problem is not None
            assert "cannot be kept (No space left on device)" in session.problem.sentence

    asyncio.run(run())


def test_ten_thousand_answers_are_kept(tmp_path: Path) -> None:
    entry = Entry("2026-11-29T12:00:00+00:00", SOURCE, 7, "Name", 0.9, 1.0)
    rows = [asdict(replace(entry, song_id=number)) for number in range(MAX_ENTRIES)]
    History(tmp_path).add(entry)
    kept = json.loads((tmp_path / history.FILE).read_text())
    (tmp_path / history.FILE).write_text(json.dumps({**kept, "entries": rows}))

    async def run(server: Pretending) -> None:
        server.says("/recognize", 200, found("Newest"))
        async with opened(tmp_path, server.address) as session:
            await session.take(excerpt(1))
            assert len(session.history.entries) == MAX_ENTRIES
            assert names(session)[:2] == ["Newest", "Name"]

    with pretending() as server:
        asyncio.run(run(server))


def test_a_server_that_cannot_be_chosen_is_the_one_that_is_asked(tmp_path: Path) -> None:
    async def run(server: Pretending) -> None:
        async with opened(tmp_path, NOBODY, address=server.address) as session:
            assert session.has_fixed_server
            assert await session.connect() == 3
            assert session.server_name in server.address

    with pretending() as server:
        asyncio.run(run(server))
