"""Admission: how many requests are let in at once, and how they share the places.

A client that is told at once can do something else. One that has to wait in a long line gives
up, and then the work is done for nobody. So a request gets a place at once, or is refused with
the time after which to try again.

No client may shut out the rest. When all places are taken, a request of a client that holds fewer
than another takes one of the other's, and the request that loses it is told to try again. Places
where nothing arrives are given to whoever comes, also to the same client. A single client may
have all places as long as nobody else asks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from anyio import CancelScope

from api.errors import RefusedError, busy

STALLED_S = 1.0
"""Seconds without a byte after which the place of an upload is given to whoever needs it."""


class UploadPlace:
    """What one request holds; ``client`` is who sent it."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.n_bytes = 0
        self.moved_at = monotonic()
        self.is_settled = False
        self.ended_by: Exception | None = None
        self.scope = CancelScope()

    def settle(self) -> None:
        """Keep the place to the end, whoever comes: its work has begun."""
        self.is_settled = True

    def end(self, reason: Exception) -> None:
        """Take the place away: what waits in it is cancelled, and ``reason`` is raised."""
        if not self.is_settled and self.ended_by is None:
            self.ended_by = reason
            self.scope.cancel()


class Admission:
    """A number of places that are taken without waiting; for use in one event loop only.

    The newest request of a client that holds the most makes room for one of a client that would
    still hold fewer.

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
        self._places: list[UploadPlace] = []

    @property
    def n_taken(self) -> int:
        """Number of places that are held."""
        return len(self._places)

    def check(self, client: str) -> None:
        """Refuse when there is no place for a request of ``client``; takes none."""
        if self.n_taken >= self.capacity and self._next_to_leave(client) is None:
            raise self._refusal()

    @contextmanager
    def place(self, client: str) -> Iterator[UploadPlace]:
        """Hold a place, or refuse at once with status 503; it may be taken away on the way."""
        if self.n_taken >= self.capacity:
            self._make_room(client)
        place = UploadPlace(client)
        self._places.append(place)
        try:
            with place.scope:
                yield place
        finally:
            self._forget(place)
        if place.ended_by is not None and place.scope.cancelled_caught:
            raise place.ended_by

    def _make_room(self, client: str) -> None:
        leaving = self._next_to_leave(client)
        if leaving is None:
            raise self._refusal()
        self._forget(leaving)  # now: it takes a moment until it has noticed
        leaving.end(busy("busy", "too many requests came at the same time: try again"))

    def _next_to_leave(self, client: str) -> UploadPlace | None:
        """Return the place that a request of ``client`` may have, if there is one."""
        waiting = self._of_the_greediest(client)
        return max(waiting, key=lambda place: place.moved_at, default=None)

    def _of_the_greediest(self, client: str) -> list[UploadPlace]:
        """Return the places of those who hold the most, if ``client`` is to have one of them."""
        waiting = [place for place in self._places if not place.is_settled]
        held = Counter(place.client for place in self._places)
        most = max((held[place.client] for place in waiting), default=0)
        if held[client] + 1 >= most:
            return []
        return [place for place in waiting if held[place.client] == most]

    def _forget(self, place: UploadPlace) -> None:
        if place in self._places:
            self._places.remove(place)

    def _refusal(self) -> RefusedError:
        requests = "request is" if self.capacity == 1 else "requests are"
        return busy("busy", f"{self.capacity} {requests} {self._activity}: try again")


class Reception(Admission):
    """Places for requests whose bodies arrive, and for the bytes of these bodies.

    The request that has waited the longest for its next byte makes room: one of a client that
    holds the most, or any that has stalled.

    Parameters
    ----------
    capacity : int
        Number of places.
    max_bytes : float
        Most bytes of all bodies together.
    """

    def __init__(self, capacity: int, max_bytes: float = math.inf) -> None:
        super().__init__(capacity, "being received")
        self._max_bytes = max_bytes
        self._n_bytes = 0

    def took(self, place: UploadPlace, n_bytes: int) -> None:
        """Note that bytes of a body have arrived.

        When there is no room for them, the client with the most bytes loses its request that has
        waited the longest; that may be this one.

        Raises
        ------
        RefusedError
            Status 503, when there is no room even so.
        """
        if place.ended_by is not None:
            return
        place.moved_at = monotonic()
        place.n_bytes += n_bytes
        self._n_bytes += n_bytes
        while self._n_bytes > self._max_bytes:
            leaving = self._largest()
            self._forget(leaving)
            refusal = busy("busy", "uploads need more room than there is: try again")
            if leaving is place:
                raise refusal
            leaving.end(refusal)

    def _largest(self) -> UploadPlace:
        """Return the longest waiting place of the client with the most bytes."""
        held: Counter[str] = Counter()
        for place in self._places:
            held[place.client] += place.n_bytes
        ((client, _),) = held.most_common(1)
        own = [one for one in self._places if one.client == client and one.n_bytes]
        return min(own, key=lambda one: one.moved_at)

    def _next_to_leave(self, client: str) -> UploadPlace | None:
        """Return the place that a request of ``client`` may have, if there is one."""
        stalled_at = monotonic() - STALLED_S
        waiting = self._of_the_greediest(client) or [
            place for place in self._places if place.moved_at <= stalled_at
        ]
        return min(waiting, key=lambda place: place.moved_at, default=None)

    def _forget(self, place: UploadPlace) -> None:
        if place in self._places:
            self._n_bytes -= place.n_bytes
        super()._forget(place)
