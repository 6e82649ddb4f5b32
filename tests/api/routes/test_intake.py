"""Requests with a file: refused before they are received, or given a place until they end."""

from __future__ import annotations

import anyio
import httpx
import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message

from api.errors import RefusedError
from api.routes.intake import accepted
from api.service import Service
from api.uploads.forms import RecognizeForm
from tests.api.material import assert_refused, excerpt, song
from tests.api.wire import form, request


@pytest.mark.parametrize("path", ["/recognize", "/learn", "/explain"])
def test_a_field_in_the_address_is_refused_where_it_would_not_be_read(
    client: httpx.Client, path: str
) -> None:
    sent = {"file": ("clip.wav", excerpt(1))}
    answer = client.post(path, params={"scan": "true"}, files=sent)
    assert "'scan'" in assert_refused(answer, 400, "unknown_field")


def test_a_file_is_there_with_its_form_while_a_place_is_held_and_gone_afterwards(
    idle_service: Service,
) -> None:
    async def use() -> None:
        asking = accepted(request(form(song(1))), idle_service, RecognizeForm)
        async with asking as (upload, asked, _):
            assert upload.path.read_bytes() == song(1)
            assert (asked.top, asked.scan) == (5, False)
            assert (idle_service.receiving.n_taken, idle_service.working.n_taken) == (0, 1)

    anyio.run(use)
    assert idle_service.working.n_taken == 0
    assert list(idle_service.inbox.path.iterdir()) == []


def test_without_a_place_a_request_is_refused_before_it_is_received(idle_service: Service) -> None:
    asked = request(form(song(1)))

    async def ask() -> None:
        with idle_service.working.place(""):
            async with accepted(asked, idle_service, RecognizeForm):
                pass

    with pytest.raises(RefusedError, match="1 request is being worked on") as refusal:
        anyio.run(ask)
    assert refusal.value.status == 503
    # The body is still to be had: nobody has read it.
    assert anyio.run(asked.body) == form(song(1))


def test_a_request_whose_client_goes_ends_while_it_waits_and_not_when_its_job_has_begun(
    idle_service: Service,
) -> None:
    async def ask(*, begun: bool) -> bool:
        asked = request(form(song(1)))
        arrived, gone = asked.receive, anyio.Event()

        async def receive() -> Message:
            with anyio.move_on_after(0):
                return await arrived()
            await gone.wait()
            return {"type": "http.disconnect"}

        leaving = Request(asked.scope, receive)
        async with accepted(leaving, idle_service, RecognizeForm) as (_, _, place):
            if begun:
                place.settle()
            gone.set()
            await anyio.sleep(0.1)
            return True
        return False

    assert anyio.run(lambda: ask(begun=True))
    with pytest.raises(ClientDisconnect):
        anyio.run(lambda: ask(begun=False))
    assert idle_service.working.n_taken == 0
    assert list(idle_service.inbox.path.iterdir()) == []
