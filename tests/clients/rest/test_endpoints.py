"""Requests: every endpoint of the service has one, with all that can be said to it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from clients.rest import endpoints
from clients.rest.endpoints import Request
from clients.rest.recordings import recording
from tests.clients.rest.documented import documentation

HEARD = recording(b"x")

REQUESTS: list[Request[Any]] = [
    endpoints.learn(HEARD, "x", metadata={}, strict=False, allow_duplicates=True),
    endpoints.recognize(HEARD, top=5, scan=True),
    endpoints.explain(HEARD),
    endpoints.explanation_picture(HEARD),
    endpoints.songs_page(limit=1, offset=0, name="x"),
    endpoints.song(7),
    endpoints.rename(7, "x"),
    endpoints.remove(7),
    endpoints.remove_all(),
    endpoints.stats(check=True),
    endpoints.profile(),
    endpoints.alive(),
    endpoints.ready(),
    endpoints.metrics(),
]


def route(request: Request[Any]) -> tuple[str, str]:
    """Return method and path of a request as the documentation writes them."""
    return request.method.lower(), re.sub(r"/\d+$", "/{song_id}", request.path)


def test_every_endpoint_of_the_service_can_be_asked() -> None:
    documented = {
        (method, path)
        for path, operations in documentation()["paths"].items()
        for method in operations
    }
    assert {route(request) for request in REQUESTS} == documented


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: " ".join(route(one)))
def test_all_that_the_service_takes_can_be_said(request_: Request[Any]) -> None:
    method, path = route(request_)
    operation = documentation()["paths"][path][method]
    params = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    assert set(request_.params) == params
    if request_.change is not None:
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        assert set(request_.change) == set(body["properties"])
    if request_.form is None:
        assert ("requestBody" in operation) == (request_.change is not None)
        assert request_.is_repeatable
        return
    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert {"file", *request_.form.fields} == set(form)


def test_flags_are_said_as_the_service_reads_them() -> None:
    form = REQUESTS[0].form
    assert form is not None
    assert form.fields == {
        "song_name": "x",
        "metadata": "{}",
        "strict": "false",
        "allow_duplicates": "true",
    }


def test_a_song_that_is_given_no_name_is_sent_without() -> None:
    request = endpoints.learn(HEARD, None, metadata={}, strict=False, allow_duplicates=False)
    assert request.form is not None and "song_name" not in request.form.fields


def test_what_no_name_is_asked_for_has_none() -> None:
    assert endpoints.songs_page(limit=2, offset=4, order="newest").params == {
        "limit": 2,
        "offset": 4,
        "order": "newest",
    }
