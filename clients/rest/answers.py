"""Answers: what a status and a body mean, as a record or as the error of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from clients.rest import errors
from clients.rest.parsing import parsed
from clients.rest.records import Refusal

RecordT = TypeVar("RecordT")

RETRY_AFTER_S = 1.0
"""After how long a busy server is asked again that does not say it in seconds."""

PNG = b"\x89PNG\r\n\x1a\n"
"""How every file of this kind begins."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a server, whole.

    ``place`` is the address that was asked, for messages; names of ``headers`` are in lower case.
    """

    place: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def record_of(kind: type[RecordT]) -> Callable[[Answer], RecordT]:
    """Return what reads an answer as a record of a dataclass, or raises what it means instead."""

    def read(answer: Answer) -> RecordT:
        check(answer)
        try:
            return parsed(kind, answer.body)
        except ValueError as fault:
            raise _garbage(answer, str(fault)) from None

    return read


def text(answer: Answer) -> str:
    """Return an answer in plain text, or raise what it means instead."""
    check(answer)
    if not answer.headers.get("content-type", "").startswith("text/plain"):
        raise _garbage(answer, "it is not plain text")
    return answer.body.decode(errors="replace")


def picture(answer: Answer) -> bytes:
    """Return the bytes of a picture in PNG, or raise what the answer means instead."""
    check(answer)
    if not answer.body.startswith(PNG):
        raise _garbage(answer, "it is not a picture in PNG")
    return answer.body


def check(answer: Answer) -> None:
    """Raise what an answer means that is not what was asked for.

    Raises
    ------
    RefusedError
        The one of its kind, when the request was not fulfilled.
    NoServerError
        When a proxy tells that the service is not there.
    RedirectedError
        When the answer names another address.
    GarbageAnswerError
        When it is no answer of the service.
    """
    status = answer.status
    if status in (200, 201):
        return
    if 300 <= status < 400:
        location = answer.headers.get("location", "nowhere")
        raise errors.RedirectedError(
            f"{answer.place} sends on to {location}: use that address if you trust it", location
        )
    if status in (502, 504):
        raise errors.NoServerError(
            f"a proxy at {answer.place} does not reach the service behind it (status {status}): "
            "start the service"
        )
    refusal = _refusal(answer)
    if status not in _MEANINGS and (refusal is None or status < 400):
        raise _garbage(answer, f"its status is {status}")
    raise _refused(answer, refusal or Refusal("", "", ""))


def _refusal(answer: Answer) -> Refusal | None:
    try:
        return parsed(Refusal, answer.body)
    except ValueError:
        return None


_MEANINGS: dict[int, tuple[type[errors.RefusedError], str, str]] = {
    400: (errors.RefusedError, "the server refused the request", "correct it"),
    401: (
        errors.WrongKeyError,
        "the server wants its API key",
        "give the one that it was started with (FPAPI_API_KEY)",
    ),
    403: (errors.ForbiddenError, "the server does not allow that", "ask whoever runs it"),
    404: (errors.NotFoundError, "the server does not have that", "check its address"),
    408: (errors.RefusedError, "the recording came too slowly", "send it over a faster network"),
    409: (errors.RefusedError, "the server's index is of no use", "have it re-indexed"),
    413: (errors.TooLargeError, "the recording is too large", "shorten it"),
    415: (errors.RecordingRefusedError, "the server refused the recording", "send another"),
    422: (errors.RecordingRefusedError, "the server refused the recording", "send another"),
    500: (errors.ServerFailedError, "the server failed", "have its log read"),
    503: (errors.BusyError, "the server is busy", "try again soon"),
    507: (errors.ServerFailedError, "the server's disk is full", "have room made"),
}
"""Kind of error, its cause and a remedy, by status."""

_WITH_REMEDY = {408, 413, 503}
"""Statuses of which the server's own sentences have a remedy."""

_OF_RECORDING = {"empty_file"}
"""Codes of malformed requests that are the recording's fault."""


def _refused(answer: Answer, refusal: Refusal) -> errors.RefusedError:
    """Return the error of a request that was not fulfilled."""
    otherwise = (
        errors.RefusedError,
        f"the server refused the request with {answer.status}",
        "use a client of its version",
    )
    status = 415 if refusal.code in _OF_RECORDING else answer.status
    kind, cause, remedy = _MEANINGS.get(status, otherwise)
    has_remedy = status in _WITH_REMEDY or refusal.code == "unknown_song"
    if refusal.message and has_remedy:
        message = f"{cause}: {refusal.message}"
    elif refusal.message:
        message = f"{cause} ({refusal.message}): {remedy}"
    else:
        message = f"{cause}: {remedy}"
    if kind is errors.BusyError:
        return errors.BusyError(message, refusal=refusal, retry_after_s=_retry_after_s(answer))
    return kind(message, status=answer.status, refusal=refusal)


def _retry_after_s(answer: Answer) -> float:
    given = answer.headers.get("retry-after", "")
    return float(given[:9]) if given.isascii() and given.isdecimal() else RETRY_AFTER_S


def _garbage(answer: Answer, fault: str) -> errors.GarbageAnswerError:
    return errors.GarbageAnswerError(
        f"{answer.place} does not answer as this client's service does ({fault}): check the "
        "address, and that client and server are of one version"
    )
