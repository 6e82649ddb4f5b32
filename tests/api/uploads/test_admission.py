"""Places for requests: taken at once, or refused at once."""

from __future__ import annotations

import contextlib
import threading

import pytest

from api.errors import RefusedError
from api.uploads.admission import Admission
from tests.api.material import assert_refused, excerpt, recognize
from tests.api.server import Server
from tests.api.wire import answer, form, started


def test_a_place_is_free_again_however_the_request_ends() -> None:
    places = Admission(1, "being received")
    with pytest.raises(ZeroDivisionError), places.place():
        assert places.n_taken == 1
        raise ZeroDivisionError
    with places.place():
        assert places.n_taken == 1
    assert places.n_taken == 0


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
    places = Admission(capacity, "being worked on")
    with contextlib.ExitStack() as stack:
        for _ in range(capacity):
            places.check()
            stack.enter_context(places.place())
        with pytest.raises(RefusedError) as checked:
            places.check()
        with pytest.raises(RefusedError), places.place():
            pass
        assert places.n_taken == capacity
    refusal = checked.value
    assert (refusal.status, refusal.code, str(refusal)) == (503, "busy", sentence)
    assert int(refusal.headers["Retry-After"]) >= 1
    places.check()


def test_more_uploads_than_are_received_at_once_are_told_to_come_again(
    strict_server: Server,
) -> None:
    with strict_server.client() as client:
        body = form(excerpt(1))
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(started(strict_server, length=len(body))) for _ in range(2)]
            for connection in slow:
                connection.sendall(body[:50])
            while [path.name for path in strict_server.uploads_left()].count("audio") < 2:
                threading.Event().wait(0.01)
            refused = recognize(client, excerpt(1))
            message = assert_refused(refused, 503, "busy")
            assert message == "2 requests are being received: try again"
            assert int(refused.headers["retry-after"]) >= 1
            for connection in slow:
                connection.sendall(body[50:])
                assert answer(connection).startswith(b"HTTP/1.1 200 ")
        assert recognize(client, excerpt(1)).status_code == 200
