"""Errors as clients see them: an HTTP status and one JSON shape.

Every error body is ``{"code", "message", "request_id"}``. A code is a stable word for programs,
a message one sentence for people. What only the operator should know, such as paths of the
server, stays in the log, which names the same request id.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.operations.log import current_request_id
from api.schemas.bodies import ErrorBody
from fpcore.errors import (
    AudioError,
    ConfigMismatchError,
    FpError,
    NotAudioError,
    StoreAwayError,
    StoreBusyError,
    StoreFullError,
    StoreReadOnlyError,
    UnknownSongError,
)

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 1

_HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}


class RefusedError(FpError):
    """A request that the service refuses, and how a client is told.

    Parameters
    ----------
    status : int
        HTTP status of the answer, from 400 to 599.
    code : str
        The stable word for programs, such as "too_large".
    message : str
        One sentence for people: the cause, and the remedy where there is one.
    headers : mapping of str to str, optional
        Further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


def busy(code: str, message: str) -> RefusedError:
    """Return a refusal for now: status 503 with the seconds after which to try again."""
    return RefusedError(503, code, message, {"Retry-After": str(RETRY_AFTER_S)})


def no_room() -> RefusedError:
    """Return the refusal of a request that would need more room than the server's disk has."""
    return RefusedError(507, "disk_full", "the server has no room left: nothing was changed")


def unsupported_kind(message: str) -> RefusedError:
    """Return the refusal of a file that is no audio of a kind that is taken."""
    return RefusedError(415, "unsupported_kind", message)


def refusal_of(error: Exception) -> RefusedError:
    """Return what the client is told of an error."""
    match error:
        case RefusedError():
            return error
        case NotAudioError():
            return unsupported_kind(str(error))
        case AudioError():
            return RefusedError(422, "audio_unusable", str(error))
        case RequestValidationError():
            return RefusedError(400, "invalid_request", _first_fault(error))
        case HTTPException(status_code=status, detail=detail, headers=headers):
            return RefusedError(status, _HTTP_CODES.get(status, "http_error"), detail, headers)
    return _internal(error)


_REFUSALS: dict[type[Exception], Callable[[], RefusedError]] = {
    StoreBusyError: lambda: busy("database_busy", "another writer holds the database: try again"),
    StoreAwayError: lambda: busy(
        "database_away", "the database cannot be reached, so nothing can be written: try again"
    ),
    StoreFullError: no_room,
    StoreReadOnlyError: lambda: RefusedError(
        403, "read_only", "the server's index can only be read: nothing of it is changed"
    ),
    UnknownSongError: lambda: RefusedError(
        404, "unknown_song", "there is no such song: list the songs that there are"
    ),
    ConfigMismatchError: lambda: RefusedError(
        409, "config_mismatch", "the index was made under another configuration than is served"
    ),
}
"""What clients are told when the error's own sentence names paths of the server."""


def _internal(error: Exception) -> RefusedError:
    """Return the refusal for an error whose own sentence is not for clients."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_room()
    for kind, refusal in _REFUSALS.items():
        if isinstance(error, kind):
            return refusal()
    return RefusedError(
        500, "internal_error", "the service failed: its log tells why under this request id"
    )


def error_response(error: Exception) -> Response:
    """Return the answer to a request that failed; an error of the server itself is logged."""
    refusal = refusal_of(error)
    if refusal.status >= 500 and refusal is not error:
        logger.error("request failed", exc_info=error)
    body = ErrorBody(code=refusal.code, message=str(refusal), request_id=current_request_id.get())
    return JSONResponse(body.model_dump(), refusal.status, headers=refusal.headers)


def install(app: FastAPI) -> None:
    """Let every error of ``app`` be answered in the one shape."""

    async def answer(_: Request, error: Exception) -> Response:
        return error_response(error)

    for kind in (FpError, OSError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)


def _first_fault(error: RequestValidationError) -> str:
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"][1:]) or "the request"
    unknown = fault["type"] == "extra_forbidden"
    return f"{where}: {'there is no such parameter' if unknown else fault['msg']}"


_MEANINGS = {
    400: "The request is malformed",
    401: "The API key is missing or wrong",
    403: "This caller may not do that",
    404: "There is no such song",
    408: "The request took too long to arrive",
    409: "The index and the served profile disagree",
    413: "The upload is too large",
    415: "Not a kind of audio that is taken",
    422: "The audio cannot be used",
    500: "The service failed",
    503: "Busy: try again after the seconds of Retry-After",
    507: "The server's disk is full",
}


_HEADERS = {
    503: {
        "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}},
    }
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the documentation says of the given statuses, and of those any route has."""
    return {
        status: {
            "model": ErrorBody,
            "description": _MEANINGS[status],
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status in sorted({400, 409, 422, 500, 503, *statuses})
    }
