"""Middleware around every request: its id, its line in the log, its counts and its headers.

A request by another host's name is refused here, one with HEAD is answered as with GET, and an
error that nothing else has caught is answered, too.
"""

from __future__ import annotations

import logging
import re
import secrets
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RefusedError, error_response
from api.operations.log import current_request_id
from api.operations.metrics import Metrics
from api.security import check_host, headers_for

logger = logging.getLogger(__name__)

ID_HEADER = "X-Request-ID"
_CLIENTS_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """ASGI middleware; finds the metrics in the application's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self._talk(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        token = current_request_id.set(request_id)
        exchange = _Exchange(scope, send, request_id)
        metrics: Metrics = scope["app"].state.service.metrics
        metrics.in_flight.inc()
        try:
            check_host(Request(scope), scope["app"].state.service.settings.hosts)
            await _route(self._app, scope, receive, exchange.send)
        except ClientDisconnect:
            logger.debug("the client went away")
        except Exception as error:
            response = error_response(error)
            if exchange.status is None:
                await response(scope, receive, exchange.send)
        finally:
            metrics.in_flight.dec()
            exchange.report(metrics)
            current_request_id.reset(token)

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket be opened, unless it is asked for by another host's name."""
        try:
            check_host(HTTPConnection(scope), scope["app"].state.service.settings.hosts)
        except RefusedError as error:
            logger.info("websocket refused", extra={"fields": {"reason": str(error)}})
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)


async def _route(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Let a request be answered; one with HEAD as with GET, but for the body."""
    if scope["method"] != "HEAD":
        await app(scope, receive, send)
        return

    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    read = {**scope, "method": "GET"}
    try:
        await app(read, receive, send_head)
    finally:
        scope["route"] = read.get("route")


class _Exchange:
    """One request and what has been answered so far."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._started = perf_counter()

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[ID_HEADER] = self._request_id
            for name, text in headers_for(self._scope["path"]).items():
                headers.setdefault(name, text)
        await self._send(message)

    def report(self, metrics: Metrics) -> None:
        """Log and count what was answered; 499 stands for a client that went away."""
        duration_s = perf_counter() - self._started
        status = self.status or 499
        # Paths that clients make up must not become labels.
        route = getattr(self._scope.get("route"), "path", "unknown")
        metrics.requests.labels(self._scope["method"], route, str(status)).inc()
        metrics.request_s.labels(route).observe(duration_s)
        fields = {
            "method": self._scope["method"],
            "path": self._scope["path"],
            "status": status,
            "duration_s": round(duration_s, 4),
        }
        logger.info("request", extra={"fields": fields})


def _request_id(headers: Headers) -> str:
    """Return the client's id for the request when it is harmless, else a new one."""
    given = headers.get(ID_HEADER, "")
    return given if _CLIENTS_ID.fullmatch(given) else secrets.token_hex(8)
