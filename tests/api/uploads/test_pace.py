"""How fast a body has to arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest

from api.errors import RefusedError
from api.uploads.pace import PaceLimits, paced

FOREVER_S = 1e6


async def arriving(*chunks: bytes, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await anyio.sleep(pause_s)
        yield chunk


async def for_ever() -> AsyncIterator[bytes]:
    yield b"begun"
    while True:
        await anyio.sleep(0.01)
        yield b"."


def taken(chunks: AsyncIterator[bytes], limits: PaceLimits, *, work_s: float = 0.0) -> bytes:
    """Return what arrives, when the server works for some time on each part."""

    async def take() -> bytes:
        body = b""
        async for chunk in paced(chunks, limits):
            body += chunk
            await anyio.sleep(work_s)
        return body

    return anyio.run(take)


def test_a_body_is_given_on_as_it_arrives() -> None:
    limits = PaceLimits(window_s=60.0, bytes_per_s=1000.0, total_s=60.0)
    assert taken(arriving(b"a", b"", b"bc"), limits) == b"abc"


def test_a_body_that_trickles_is_given_up_after_one_window() -> None:
    limits = PaceLimits(window_s=0.2, bytes_per_s=50_000.0, total_s=FOREVER_S)
    with pytest.raises(RefusedError, match=r"less than 10000 bytes .* came in 0.2 s") as refusal:
        taken(for_ever(), limits)
    assert (refusal.value.status, refusal.value.code) == (408, "too_slow")
    assert refusal.value.headers == {"Connection": "close"}


def test_a_body_that_keeps_its_pace_may_take_many_windows() -> None:
    limits = PaceLimits(window_s=10.0, bytes_per_s=1.0, total_s=FOREVER_S)
    content = [b"0123456789"] * 5
    assert taken(arriving(*content, pause_s=0.02), limits) == b"".join(content)


def test_however_fast_it_is_a_body_may_not_take_longer_than_all_its_time() -> None:
    limits = PaceLimits(window_s=FOREVER_S, bytes_per_s=1e-9, total_s=0.2)
    with pytest.raises(RefusedError, match=r"longer than 0.2 s to arrive"):
        taken(for_ever(), limits)


def test_the_time_that_the_server_takes_is_not_the_clients() -> None:
    limits = PaceLimits(window_s=5.0, bytes_per_s=1e9, total_s=5.0)
    assert taken(arriving(b"a", b"b", b"c"), limits, work_s=0.01) == b"abc"
    slow = PaceLimits(window_s=0.5, bytes_per_s=1e9, total_s=0.5)
    assert taken(arriving(b"a", b"b"), slow, work_s=0.6) == b"ab"
