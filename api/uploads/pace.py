"""Pace: how fast a body has to arrive, measured while the server waits for it.

A client that makes progress is waited for, however slow its network is; one that does not is
given up soon. What counts are windows of time: in each of them a number of bytes must arrive. A
window ends as soon as they have arrived, and the next begins. Time that the server itself takes,
to write to a slow disk for example, counts for none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic

from anyio import fail_after

from api.errors import RefusedError


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """How long a body may take.

    In every ``window_s`` at least ``bytes_per_s`` have to arrive on average, and all of the body
    in ``total_s``. Times are seconds of waiting.
    """

    window_s: float
    bytes_per_s: float
    total_s: float

    @property
    def window_bytes(self) -> float:
        """Fewest bytes of a window."""
        return self.window_s * self.bytes_per_s


async def paced(chunks: AsyncIterator[bytes], limits: PaceLimits) -> AsyncIterator[bytes]:
    """Yield the parts of a body as they arrive.

    Raises
    ------
    RefusedError
        Status 408 when the body falls behind its pace.
    """
    in_window_s = total_s = 0.0
    n_bytes = 0
    while True:
        left_s = min(limits.window_s - in_window_s, limits.total_s - total_s)
        started = monotonic()
        try:
            with fail_after(left_s):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise _too_slow(limits, total_s + monotonic() - started) from None
        waited_s = monotonic() - started
        in_window_s += waited_s
        total_s += waited_s
        n_bytes += len(chunk)
        if n_bytes >= limits.window_bytes:
            in_window_s, n_bytes = 0.0, 0
        yield chunk


def _too_slow(limits: PaceLimits, waited_s: float) -> RefusedError:
    """Return what a client is told that has fallen behind; its connection is closed."""
    if waited_s >= limits.total_s:
        cause = f"the request took longer than {limits.total_s:g} s to arrive"
    else:
        cause = (
            f"less than {limits.window_bytes:g} bytes of the request came in {limits.window_s:g} s"
        )
    return RefusedError(408, "too_slow", f"{cause}: send it again", {"Connection": "close"})
