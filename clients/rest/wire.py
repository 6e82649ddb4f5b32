"""Wire: what both clients do alike with the HTTP library, without asking anything themselves."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from time import monotonic
from typing import Any, Self

import httpx

from clients.rest.answers import Answer
from clients.rest.errors import (
    ConnectionLostError,
    GarbageAnswerError,
    NoServerError,
    RestError,
    SettingError,
    TimedOutError,
)
from clients.rest.patience import Patience

KEY_HEADER = "X-API-Key"

IDLE_S = 2.0
"""How long a connection is kept for the next request: less than servers keep theirs."""

MAX_ANSWER_BYTES = 64_000_000
"""Most bytes of an answer; an explanation, the largest, has some millions."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server, as it is asked: its address without a closing slash, and the key if it has one."""

    address: str
    key: str | None
    patience: Patience

    @classmethod
    def at(cls, address: str, key: str | None, patience: Patience) -> Self:
        """Return a server.

        Parameters
        ----------
        address : str
            Such as ``http://127.0.0.1:8000``; a path is put before those of the endpoints, and
            white space around it is left out.
        key : str or None
            The API key; white space around it is left out.
        patience : Patience
            How long is waited for it.

        Returns
        -------
        Server
            Nothing was asked yet.

        Raises
        ------
        SettingError
            When the address is none, or no header can hold the key.
        """
        try:
            url = httpx.URL(address.strip())
        except httpx.InvalidURL:
            url = httpx.URL("")
        # A name and a password would stand in every message.
        further = url.query or url.fragment or url.userinfo
        if url.scheme not in ("http", "https") or not url.host or further:
            raise SettingError("the server's address must be one like http://127.0.0.1:8000")
        key = (key or "").strip() or None
        if key is not None and not all(" " <= char <= "~" for char in key):
            raise SettingError("the API key must be of ASCII letters, digits and signs: correct it")
        return cls(str(url).rstrip("/"), key, patience)

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of the library's clients."""
        patience = self.patience
        return {
            "base_url": self.address,
            "headers": {} if self.key is None else {KEY_HEADER: self.key},
            "timeout": httpx.Timeout(patience.answer_s, connect=patience.connect_s),
            "limits": httpx.Limits(keepalive_expiry=IDLE_S),
            # A proxy that the environment names does not lead to this machine.
            "trust_env": not _is_this_machine(httpx.URL(self.address).host),
        }

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Raise what the library raises as one of this package's errors."""
        try:
            yield
        except httpx.RequestError as error:
            raise self._meaning_of(error) from error

    def _meaning_of(self, error: httpx.RequestError) -> RestError:
        cause = str(error) or type(error).__name__
        match error:
            case httpx.ConnectError() if isinstance(_root_of(error), ssl.SSLError):
                return NoServerError(
                    f"{self.address} cannot be trusted or speaks no TLS ({cause}): check whether "
                    "its address begins with http or https, and its certificate"
                )
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError():
                return NoServerError(
                    f"no server answers at {self.address} ({cause}): start it, or check its "
                    "address and the network"
                )
            case httpx.TimeoutException():
                return too_late(self.address, self.patience.answer_s)
            # What ends too early is of the same kind, and told as a connection that was closed.
            case httpx.RemoteProtocolError() if "connect" not in cause:
                return GarbageAnswerError(
                    f"what answers at {self.address} speaks no HTTP ({cause}): check the address"
                )
            case httpx.DecodingError():
                return GarbageAnswerError(
                    f"the answer of {self.address} cannot be unpacked ({cause}): check the address "
                    "and any proxy before it"
                )
        return ConnectionLostError(
            f"the connection to {self.address} was lost ({cause}): look whether the server runs, "
            "and try again"
        )


class Incoming:
    """An answer that arrives.

    Parameters
    ----------
    server : Server
        It has a time in which the answer must be complete.
    response : httpx.Response
        Status and headers are there, the body is not.
    clock : callable
        Returns the time in seconds.
    """

    def __init__(
        self, server: Server, response: httpx.Response, clock: Callable[[], float] = monotonic
    ) -> None:
        self._server = server
        self._response = response
        self._clock = clock
        self._started = clock()
        self._body = bytearray()

    def take(self, piece: bytes) -> None:
        """Take a piece of the body.

        Raises
        ------
        GarbageAnswerError
            When the body is larger than any of the service.
        TimedOutError
            When it takes too long.
        """
        self._body += piece
        if len(self._body) > MAX_ANSWER_BYTES:
            raise GarbageAnswerError(
                f"the answer of {self._server.address} has no end: check the address"
            )
        if self._clock() - self._started > self._server.patience.answer_s:
            raise too_late(self._server.address, self._server.patience.answer_s)

    def whole(self) -> Answer:
        """Return the answer, all of which has arrived."""
        response = self._response
        place = str(response.url.copy_with(query=None))
        return Answer(place, response.status_code, dict(response.headers), bytes(self._body))


def too_late(address: str, waited_s: float) -> TimedOutError:
    """Return the error of an answer that did not come in time."""
    return TimedOutError(
        f"{address} did not answer within {waited_s:g} s: try again, send less, or wait longer"
    )


def _root_of(error: BaseException) -> BaseException:
    """Return what an error was raised from in the first place."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
