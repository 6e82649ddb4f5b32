"""Clients that ask more than a server can answer, for a process of their own.

There they take nothing of the interpreter that watches the server meanwhile.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from tests.api.material import recognize
from tests.api.server import TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: its status, how long it was waited for, and its Retry-After."""

    status: int
    waited_s: float
    retry_after: str | None


def ask(url: str, content: bytes, *, n_clients: int, duration_s: float) -> list[Told]:
    """Ask from all clients without a pause, refused or not, and return every answer."""
    ends = time.monotonic() + duration_s

    def work(_: int) -> list[Told]:
        told = []
        with httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False) as client:
            while time.monotonic() < ends:
                started = time.perf_counter()
                response = recognize(client, content)
                waited_s = time.perf_counter() - started
                again = response.headers.get("retry-after")
                told.append(Told(response.status_code, waited_s, again))
        return told

    with ThreadPoolExecutor(n_clients) as threads:
        return [one for told in threads.map(work, range(n_clients)) for one in told]
