"""Patience: how long is waited for a server, and whether a busy one is asked again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from time import monotonic

from clients.rest.errors import BusyError, SettingError


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client waits.

    Parameters
    ----------
    connect_s : float
        Seconds in which a server has to take the connection.
    answer_s : float
        Seconds without a byte, sent or received, after which a request is given up, and in
        which an answer that has begun has to be complete. The default is more than a server
        works on one request.
    n_retries : int
        How many times a busy server is asked again, as soon as it says that it wants to be.
    retry_s : float
        Seconds from the first try in which the last one has to begin.

    Raises
    ------
    SettingError
        When a time is not above 0, or a number below 0.
    """

    connect_s: float = 5.0
    answer_s: float = 200.0
    n_retries: int = 3
    retry_s: float = 30.0

    def __post_init__(self) -> None:
        for field in fields(self):
            given = getattr(self, field.name)
            least = 0 if field.name == "n_retries" else math.ulp(0)
            if not least <= given < math.inf:
                wanted = "0 or more" if least == 0 else "above 0"
                raise SettingError(f"{field.name} must be {wanted} and finite, got {given}")


class Tries:
    """The tries of one request.

    Parameters
    ----------
    patience : Patience
        How many there may be, and for how long.
    clock : callable
        Returns the time in seconds; the first try begins now.
    """

    def __init__(self, patience: Patience, clock: Callable[[], float] = monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._started = clock()
        self._n_retries = 0

    def wait_s(self, busy: BusyError, *, is_repeatable: bool) -> float:
        """Return how many seconds to wait before the next try.

        Parameters
        ----------
        busy : BusyError
            What the server answered to the last one.
        is_repeatable : bool
            Whether the request can be sent again.

        Raises
        ------
        BusyError
            The given one, when there is no next try.
        """
        begins_s = self._clock() - self._started + busy.retry_after_s
        has_more = self._n_retries < self._patience.n_retries
        if not (is_repeatable and has_more and begins_s <= self._patience.retry_s):
            raise busy
        self._n_retries += 1
        return busy.retry_after_s
