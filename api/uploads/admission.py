"""Admission: how many requests are let in at once; further ones are told when to try again.

A client that is told at once can do something else. One that has to wait in a long line gives
up, and then the work is done for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import RefusedError, busy


class Admission:
    """A number of places that are taken without waiting; for use in one event loop only.

    Parameters
    ----------
    capacity : int
        Number of places.
    activity : str
        What is done with the requests that hold one, such as "being received".
    """

    def __init__(self, capacity: int, activity: str) -> None:
        self.capacity = capacity
        self._activity = activity
        self.n_taken = 0

    def check(self) -> None:
        """Refuse when there is no free place; takes none."""
        if self.n_taken >= self.capacity:
            raise self._refusal()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place, or refuse at once with status 503."""
        self.check()
        self.n_taken += 1
        try:
            yield
        finally:
            self.n_taken -= 1

    def _refusal(self) -> RefusedError:
        requests = "request is" if self.capacity == 1 else "requests are"
        return busy("busy", f"{self.capacity} {requests} {self._activity}: try again")
