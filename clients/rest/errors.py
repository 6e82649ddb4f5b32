"""Errors that callers tell apart; the text of each is one sentence with its cause and a remedy."""

from __future__ import annotations

from clients.rest.records import Refusal


class RestError(Exception):
    """Anything that keeps a request from being answered."""


class SettingError(RestError):
    """An address, a key or a time that no request can be sent with."""


class UnreadableError(RestError):
    """A recording of this side that cannot be read."""


class NoServerError(RestError):
    """No server at the address, so that nothing was asked."""


class ConnectionLostError(NoServerError):
    """A server that went away before its answer was complete: it may have done what was asked."""


class TimedOutError(RestError):
    """An answer that did not come in time: the server may still do what was asked."""


class GarbageAnswerError(RestError):
    """An answer that is not one of the service."""


class RedirectedError(GarbageAnswerError):
    """An answer that names another address, which is not followed.

    Parameters
    ----------
    message : str
        The sentence.
    location : str
        The other address, as the answer names it.
    """

    def __init__(self, message: str, location: str) -> None:
        super().__init__(message)
        self.location = location


class RefusedError(RestError):
    """A request that the server does not fulfil.

    ``code`` is the server's word for programs, such as "too_large", ``reason`` its own sentence,
    and ``request_id`` what its log calls the request; all are empty when it said no more.

    Parameters
    ----------
    message : str
        The sentence.
    status : int
        HTTP status of the answer.
    refusal : Refusal
        What the server said.
    """

    def __init__(self, message: str, *, status: int, refusal: Refusal) -> None:
        super().__init__(message)
        self.status = status
        self.code = refusal.code
        self.reason = refusal.message
        self.request_id = refusal.request_id


class WrongKeyError(RefusedError):
    """A request without the API key that the server wants."""


class ForbiddenError(RefusedError):
    """A request that this caller may not make, with whatever key."""


class NotFoundError(RefusedError):
    """A song that is not there, or an address where the service is not."""


class TooLargeError(RefusedError):
    """A recording of more bytes than the server takes."""


class RecordingRefusedError(RefusedError):
    """A recording that the server cannot use: no audio, damaged, silent or too long."""


class ServerFailedError(RefusedError):
    """A server that failed, or whose disk is full."""


class BusyError(RefusedError):
    """A server that has no time now, and has done nothing.

    Parameters
    ----------
    message : str
        The sentence.
    refusal : Refusal
        What the server said.
    retry_after_s : float
        After how many seconds the server wants to be asked again.
    """

    def __init__(self, message: str, *, refusal: Refusal, retry_after_s: float) -> None:
        super().__init__(message, status=503, refusal=refusal)
        self.retry_after_s = retry_after_s
