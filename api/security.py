"""Permission to read and to write, and the headers that keep browsers careful.

A server that listens for its own machine only is asked by its own machine's names. A page of
another origin whose name was pointed at this machine would otherwise read all that is here, for
its browser takes the answers for the page's own ("DNS rebinding"). Its name is in the Host header.

Writing and deleting need the API key. Without a configured key, only requests that come from
this machine to a loopback address may write. Four things must hold for that: both ends of the
connection are loopback addresses; no proxy says that it forwards for another client; the Host
header names this machine (a foreign page whose name was pointed at it fails here); and a browser
says that the request comes from a page of the service's own (a foreign page that posts a form
fails here).
"""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Request, Security
from fastapi.security import APIKeyHeader
from starlette.requests import HTTPConnection

from api.errors import RefusedError
from api.settings import Settings

KEY_HEADER = "X-API-Key"

_key_header = APIKeyHeader(
    name=KEY_HEADER,
    auto_error=False,
    description="Needed to write where the server has a key; without one only its own machine may",
)

MAX_SHOWN = 100
"""Characters of a client's name for the server that a refusal repeats."""

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# FastAPI writes the start of Swagger UI into the page.
_DOCS = _STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)


def headers_for(path: str) -> dict[str, str]:
    """Return the headers that an answer from ``path`` carries unless it sets them itself."""
    policy = _DOCS if path.startswith("/docs") else _STRICT
    return {**_HEADERS, "Content-Security-Policy": policy}


def require_writer(
    request: Request, given: Annotated[str | None, Security(_key_header)] = None
) -> None:
    """Refuse a request that may not write.

    Raises
    ------
    RefusedError
        Status 401 when the key is missing or wrong; 403 when there is no key and the request does
        not come from this machine, or comes from a page of another origin.
    """
    settings: Settings = request.app.state.service.settings
    if settings.api_key is not None:
        if given is None or not _same(given, settings.api_key.get_secret_value()):
            raise RefusedError(
                401,
                "api_key_needed",
                f"this needs the API key: send it in the header {KEY_HEADER}",
                {"WWW-Authenticate": KEY_HEADER},
            )
    elif not is_local(request):
        raise RefusedError(
            403,
            "writing_is_local",
            "without a configured API key only the server's own machine may write",
        )
    elif not _own_page(request, settings.cors_origins):
        raise RefusedError(403, "foreign_origin", "pages of other origins may not write")


def check_host(request: HTTPConnection, known: tuple[str, ...]) -> None:
    """Refuse a request that comes to a loopback address under a name that is not this machine's.

    ``known`` are further names that are not refused, such as the one that a proxy passes on.

    Raises
    ------
    RefusedError
        Status 403.
    """
    server = request.scope.get("server") or ("", None)
    name = _host_of(request)
    if not name or not _is_loopback(server[0]) or _is_this_machine(name) or name in known:
        return
    raise RefusedError(
        403,
        "foreign_host",
        f"this server is not called {name[:MAX_SHOWN]}: use its address, or name it in FPAPI_HOSTS",
    )


def _same(given: str, expected: str) -> bool:
    """Return whether two keys are equal; how long that takes tells nothing of either."""
    digests = [hashlib.sha256(key.encode()).digest() for key in (given, expected)]
    return hmac.compare_digest(*digests)


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine over a loopback address."""
    server = request.scope.get("server") or ("", None)
    client = request.scope.get("client") or ("", None)
    if any(header in request.headers for header in _FORWARDED):
        return False
    return (
        _is_loopback(server[0]) and _is_loopback(client[0]) and _is_this_machine(_host_of(request))
    )


def _host_of(request: HTTPConnection) -> str:
    """Return the name by which a client calls this server, without a port, in lower case."""
    return _netloc_and_name(f"//{request.headers.get('host', '')}")[1]


def _is_this_machine(name: str) -> bool:
    return name == "localhost" or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _own_page(request: Request, allowed: tuple[str, ...]) -> bool:
    """Whether no browser is involved, or its page is the service's own or an allowed one."""
    origin = request.headers.get("origin")
    if origin is None or origin in allowed:
        return True
    return _netloc_and_name(origin)[0] == request.headers.get("host")


def _netloc_and_name(address: str) -> tuple[str, str]:
    """Return host with port, and host alone, of an address; empty when it is none."""
    try:
        parts = urlsplit(address)
        return parts.netloc, parts.hostname or ""
    except ValueError:
        return "", ""
