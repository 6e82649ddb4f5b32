"""Places for requests: taken at once, shared out by client, or refused at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import anyio
import httpx
import pytest
from anyio.abc import TaskStatus

from api.errors import RefusedError
from api.uploads import admission
from api.uploads.admission import Admission, Reception, UploadPlace
from tests.api.conftest import PROXY
from tests.api.material import assert_refused, excerpt, recognize
from tests.api.server import Server
from tests.api.wire import answer, form, moving, post, started


def in_a_loop(told: Callable[[Crowd], object]) -> None:
    """Run what a test tells of requests that wait in places, each in a task of its own."""

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            crowd = Crowd(tasks)
            told_later = told(crowd)
            if told_later is not None:
                await told_later  # type: ignore[misc]
            tasks.cancel_scope.cancel()

    anyio.run(run)


class Crowd:
    """Requests that hold places until they are told to go, and how they ended."""

    def __init__(self, tasks: anyio.abc.TaskGroup) -> None:
        self._tasks = tasks
        self.left: list[str] = []

    async def come(self, places: Admission, client: str, name: str = "") -> UploadPlace:
        """Let a request take a place, and return it."""
        place: UploadPlace = await self._tasks.start(self._stay, places, client, name)
        return place

    async def _stay(
        self,
        places: Admission,
        client: str,
        name: str,
        *,
        task_status: TaskStatus[UploadPlace],
    ) -> None:
        try:
            with places.place(client) as place:
                task_status.started(place)
                await anyio.sleep_forever()
        except RefusedError as refusal:
            assert (refusal.status, refusal.code) == (503, "busy")
            assert int(refusal.headers["Retry-After"]) >= 1
            self.left.append(name or client)


def test_a_place_is_free_again_however_the_request_ends() -> None:
    async def take() -> None:
        places = Admission(1, "being received")
        with pytest.raises(ZeroDivisionError), places.place("a"):
            assert places.n_taken == 1
            raise ZeroDivisionError
        with places.place("a"):
            assert places.n_taken == 1
        assert places.n_taken == 0

    anyio.run(take)


@pytest.mark.parametrize(
    ("capacity", "sentence"),
    [
        (1, "1 request is being worked on: try again"),
        (2, "2 requests are being worked on: try again"),
    ],
)
def test_without_a_free_place_a_request_is_told_when_to_try_again(
    capacity: int, sentence: str
) -> None:
    async def take() -> RefusedError:
        places = Admission(capacity, "being worked on")
        with contextlib.ExitStack() as stack:
            for _ in range(capacity):
                places.check("a")
                stack.enter_context(places.place("a"))
            with pytest.raises(RefusedError) as checked:
                places.check("a")
            with pytest.raises(RefusedError), places.place("a"):
                pass
            assert places.n_taken == capacity
        places.check("a")
        return checked.value

    refusal = anyio.run(take)
    assert (refusal.status, refusal.code, str(refusal)) == (503, "busy", sentence)
    assert int(refusal.headers["Retry-After"]) >= 1


def test_a_client_with_the_most_places_makes_room_until_the_shares_are_equal() -> None:
    async def tell(crowd: Crowd) -> None:
        places = Admission(4, "being worked on")
        for number in range(4):
            await crowd.come(places, "greedy", f"greedy {number}")
        await crowd.come(places, "modest")
        await crowd.come(places, "modest")
        await anyio.lowlevel.checkpoint()
        assert crowd.left == ["greedy 3", "greedy 2"]
        with pytest.raises(RefusedError):
            places.check("modest")
        places.check("third")
        assert places.n_taken == 4

    in_a_loop(tell)


def test_a_request_whose_work_has_begun_keeps_its_place() -> None:
    async def tell(crowd: Crowd) -> None:
        places = Admission(2, "being worked on")
        for _ in range(2):
            (await crowd.come(places, "greedy")).settle()
        with pytest.raises(RefusedError):
            places.check("modest")
        assert crowd.left == []

    in_a_loop(tell)


def test_a_stalled_upload_makes_room_for_whoever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(crowd: Crowd) -> None:
        places = Reception(2)
        await crowd.come(places, "a", "first")
        moving = await crowd.come(places, "a", "second")
        with pytest.raises(RefusedError):  # neither has stalled, and the shares are equal
            places.check("a")
        monkeypatch.setattr(admission, "STALLED_S", 0.0)
        places.took(moving, 1)
        await crowd.come(places, "a", "third")
        await anyio.lowlevel.checkpoint()
        assert crowd.left == ["first"]

    in_a_loop(tell)


def test_the_bytes_of_all_uploads_are_bounded_and_the_client_with_the_most_gives_way() -> None:
    async def tell(crowd: Crowd) -> None:
        places = Reception(9, max_bytes=100)
        large = [await crowd.come(places, "greedy", f"greedy {number}") for number in range(3)]
        small = await crowd.come(places, "modest")
        for place in large:
            places.took(place, 30)
        places.took(small, 20)
        await anyio.lowlevel.checkpoint()
        assert crowd.left == ["greedy 0"]
        with pytest.raises(RefusedError, match="more room than there is"):
            places.took(small, 100)
        # What has left gives its room back.
        places.took(large[1], 40)
        await anyio.lowlevel.checkpoint()
        assert crowd.left == ["greedy 0"]

    in_a_loop(tell)


def test_more_uploads_than_are_received_at_once_are_told_to_come_again(
    strict_server: Server,
) -> None:
    """Uploads that make progress do not lose their places to one of the same client."""
    body = form(excerpt(1))
    with strict_server.client() as client, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(started(strict_server, length=len(body))) for _ in range(2)]
        with moving(slow, body):
            while strict_server.n_in_flight() < 2:
                threading.Event().wait(0.01)
            refused = recognize(client, excerpt(1))
        message = assert_refused(refused, 503, "busy")
        assert message == "2 requests are being received: try again"
        assert int(refused.headers["retry-after"]) >= 1
        for connection in slow:
            assert answer(connection).startswith(b"HTTP/1.1 200 ")
        assert recognize(client, excerpt(1)).status_code == 200


@pytest.mark.parametrize(("source", "status"), [(PROXY, 200), ("127.0.0.1", 503)])
def test_only_a_proxy_that_is_named_is_believed_who_its_clients_are(
    source: str, status: int, strict_server: Server
) -> None:
    """Two uploads of one client leave a place to another; but anybody could claim to be another."""
    body = form(excerpt(1))
    transport = httpx.HTTPTransport(local_address=source)
    with strict_server.client(transport=transport) as client, contextlib.ExitStack() as stack:
        first, second = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}
        slow = [
            stack.enter_context(started(strict_server, length=len(body), source=source, **first))
            for _ in range(2)
        ]
        with moving(slow, body):
            while strict_server.n_in_flight() < 2:
                threading.Event().wait(0.01)
            assert post(client, "/recognize", body, **second).status_code == status
        statuses = sorted(answer(connection)[9:12] for connection in slow)
    assert statuses == [b"200", b"503" if status == 200 else b"200"]
