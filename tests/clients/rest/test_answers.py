"""What statuses and bodies mean; refusals are those that the service itself makes."""

from __future__ import annotations

import re

import pytest
from starlette.exceptions import HTTPException

from api import errors as service
from clients import rest
from clients.rest.answers import PNG, Answer, check, picture, record_of, text
from clients.rest.records import Removed, Status
from fpcore.errors import (
    AudioError,
    ConfigMismatchError,
    FpError,
    NotAudioError,
    StoreBusyError,
    StoreFullError,
    StoreReadOnlyError,
    UnknownSongError,
)
from tests.clients.rest.documented import documentation

PLACE = "http://127.0.0.1:8000/songs"


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(PLACE, status, headers, body)


def refused(error: Exception) -> rest.RestError:
    """Return what the client makes of the service's answer to an error."""
    response = service.error_response(error)
    headers = {name: value for name, value in response.headers.items()}
    with pytest.raises(rest.RestError) as raised:
        check(Answer(PLACE, response.status_code, headers, bytes(response.body)))
    return raised.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (service.RefusedError(400, "invalid_field", "top: too small"), rest.RefusedError),
        (service.RefusedError(400, "empty_file", "a.wav: is empty"), rest.RecordingRefusedError),
        (service.RefusedError(401, "api_key_needed", "key"), rest.WrongKeyError),
        (service.RefusedError(403, "writing_is_local", "local"), rest.ForbiddenError),
        (StoreReadOnlyError("x"), rest.ForbiddenError),
        (UnknownSongError("x"), rest.NotFoundError),
        (HTTPException(404), rest.NotFoundError),
        (HTTPException(405), rest.RefusedError),
        (service.RefusedError(408, "too_slow", "slow: send it again"), rest.RefusedError),
        (ConfigMismatchError("x"), rest.RefusedError),
        (service.RefusedError(413, "too_large", "large: shorten it"), rest.TooLargeError),
        (NotAudioError("a.pdf: no audio"), rest.RecordingRefusedError),
        (AudioError("a.wav: is silent"), rest.RecordingRefusedError),
        (FpError("x"), rest.ServerFailedError),
        (service.busy("busy", "64 requests are there: try again"), rest.BusyError),
        (StoreBusyError("x"), rest.BusyError),
        (StoreFullError("x"), rest.ServerFailedError),
    ],
)
def test_every_refusal_of_the_service_has_its_kind(
    error: Exception, kind: type[rest.RestError]
) -> None:
    told = refused(error)
    assert type(told) is kind
    assert isinstance(told, rest.RefusedError)
    refusal = service.refusal_of(error)
    assert (told.status, told.code, told.reason) == (refusal.status, refusal.code, str(refusal))
    assert re.search(
        rf"^the .* (\({re.escape(str(refusal))}\): \w|{re.escape(str(refusal))}$)", str(told)
    )
    assert "\n" not in str(told)


def test_every_status_that_the_service_documents_has_a_meaning() -> None:
    operations = [one for path in documentation()["paths"].values() for one in path.values()]
    statuses = {int(status) for one in operations for status in one["responses"]}
    assert statuses >= {400, 503}
    for status in sorted(one for one in statuses if one >= 400):
        with pytest.raises(rest.RefusedError, match=r"^the [^\n:]+: [^\n:]+$"):
            check(answer(status))


@pytest.mark.parametrize(
    ("given", "waited_s"), [("7", 7.0), ("0", 0.0), ("", 1.0), ("Wed, 21 Oct 2026", 1.0)]
)
def test_a_busy_server_says_when_to_ask_again(given: str, waited_s: float) -> None:
    with pytest.raises(rest.BusyError) as busy:
        check(answer(503, b"<html>", **{"retry-after": given}))
    assert busy.value.retry_after_s == waited_s


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_without_the_service_is_no_server(status: int) -> None:
    with pytest.raises(rest.NoServerError, match=f"status {status}.*: start the service$"):
        check(answer(status, b"<html>"))


def test_another_address_is_named_and_not_followed() -> None:
    with pytest.raises(rest.RedirectedError, match="use that address if you trust it") as told:
        check(answer(308, location="https://else.example/songs"))
    assert told.value.location == "https://else.example/songs"
    assert "https://else.example/songs" in str(told.value)


@pytest.mark.parametrize("status", [204, 206, 418, 599])
def test_a_status_that_the_service_does_not_have_is_garbage(status: int) -> None:
    with pytest.raises(rest.GarbageAnswerError, match=f"its status is {status}"):
        check(answer(status, b'{"removed": 1}'))


def test_a_refusal_of_a_later_service_is_told_in_its_words() -> None:
    body = b'{"code": "teapot", "message": "only tea", "request_id": "1", "later": 1}'
    with pytest.raises(rest.RefusedError, match=r"with 418 \(only tea\): use a client") as told:
        check(answer(418, body))
    assert (told.value.code, told.value.request_id) == ("teapot", "1")


def test_answers_are_read_as_what_they_are() -> None:
    assert record_of(Removed)(answer(200, b'{"removed": 3}')) == Removed(3)
    assert text(answer(200, b"n 1", **{"content-type": "text/plain; charset=utf-8"})) == "n 1"
    assert picture(answer(200, PNG + b"rest")) == PNG + b"rest"


@pytest.mark.parametrize(
    ("read", "body", "fault"),
    [
        (record_of(Removed), b"<html>", "it is not JSON"),
        (record_of(Removed), b"{}", "removed is missing"),
        (record_of(Status), b'{"status": 1}', "status must be text, got 1"),
        (text, b"<html>", "it is not plain text"),
        (picture, b"<html>", "it is not a picture in PNG"),
    ],
)
def test_another_answer_than_that_of_the_service_is_garbage(
    read: object, body: bytes, fault: str
) -> None:
    assert callable(read)
    told = rf"^{re.escape(PLACE)} does not answer as .*\({re.escape(fault)}\): check the address"
    with pytest.raises(rest.GarbageAnswerError, match=told):
        read(answer(200, body, **{"content-type": "text/html"}))
    with pytest.raises(rest.NotFoundError):
        read(answer(404, body))
