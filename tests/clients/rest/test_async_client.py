"""The client in an event loop: beside other work, many at once, and cancelled.

What it is answered is tested in `test_client`, together with the client that waits.
"""

from __future__ import annotations

import io
import threading

import anyio
import pytest

from clients.rest import AsyncClient
from tests.api.material import excerpt
from tests.api.server import Server
from tests.clients.conftest import SONGS
from tests.clients.rest.scripted import answer, scripted

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_many_requests_are_answered_at_once(server: Server) -> None:
    found: dict[int, str | None] = {}

    async def ask(client: AsyncClient, seed: int) -> None:
        found[seed] = (await client.recognize(excerpt(seed))).song_name

    async with AsyncClient(server.url) as client, anyio.create_task_group() as tasks:
        for seed in SONGS:
            tasks.start_soon(ask, client, seed)
    assert found == SONGS


async def test_the_loop_goes_on_while_a_disk_takes_its_time() -> None:
    """The recording can be read only after the loop has done something else."""
    done = threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert done.wait(timeout=60), "the loop waits for the disk"
            return super().read(size)

    async def ask() -> None:
        with pytest.raises(Exception, match="not JSON"):
            await client.recognize(Slow(b"the recording"))

    with scripted(answer(b"")) as server:
        async with AsyncClient(server.address) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.sleep(0)
            done.set()
    assert b"the recording" in server.requests[0]


async def test_a_request_that_is_cancelled_leaves_the_client_as_it_was() -> None:
    with scripted(None, answer(b'{"status": "ok"}')) as server:
        async with AsyncClient(server.address) as client:
            with anyio.move_on_after(0.1) as cancelled:
                await client.alive()
            assert cancelled.cancelled_caught
            assert await client.alive() == "ok"
