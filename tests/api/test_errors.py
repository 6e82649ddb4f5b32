"""From what goes wrong to what the client is told, and what only the log is told."""

from __future__ import annotations

import errno
import io
import json
import logging

import httpx
import pytest

from api.errors import refusal_of
from api.operations.log import JsonLines
from api.service import Service
from fpcore.errors import (
    AudioError,
    ConfigMismatchError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    UnknownSongError,
)
from tests.api.conftest import asked_in_process
from tests.api.material import assert_refused
from tests.fpcore.store.material import in_sql

SECRET = "/srv/secret/index.db is at fault"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UnknownSongError(SECRET), 404, "unknown_song"),
        (ConfigMismatchError(SECRET), 409, "config_mismatch"),
        (StoreError(SECRET), 500, "internal_error"),
        (ZeroDivisionError(SECRET), 500, "internal_error"),
        (PermissionError(errno.EACCES, SECRET), 500, "internal_error"),
        (StoreBusyError(SECRET), 503, "database_busy"),
        (StoreFullError(SECRET), 507, "disk_full"),
        (OSError(errno.ENOSPC, SECRET), 507, "disk_full"),
        (OSError(errno.EDQUOT, SECRET), 507, "disk_full"),
    ],
)
def test_what_the_server_meets_is_told_without_its_paths(
    error: Exception, status: int, code: str
) -> None:
    refusal = refusal_of(error)
    assert (refusal.status, refusal.code) == (status, code)
    assert "secret" not in str(refusal)
    assert ("Retry-After" in refusal.headers) == (status == 503)


def test_what_is_wrong_with_a_file_is_told_as_it_is() -> None:
    refusal = refusal_of(AudioError("song.wav: holds no audio samples"))
    assert (refusal.status, str(refusal)) == (422, "song.wav: holds no audio samples")


def test_paths_and_methods_that_do_not_exist_are_refused_in_the_one_shape(
    client: httpx.Client,
) -> None:
    assert_refused(client.get("/nothing"), 404, "not_found")
    assert_refused(client.put("/songs"), 405, "method_not_allowed")
    assert_refused(client.get("/songs/x"), 400, "invalid_request")
    assert_refused(client.get("/songs", params={"limit": 0}), 400, "invalid_request")


@pytest.mark.parametrize("path", ["/songs", "/stats"])
def test_a_misspelt_parameter_is_refused_and_not_passed_over(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path, params={"chekc": "true"})
    assert assert_refused(answer, 400, "invalid_request") == "chekc: there is no such parameter"


def test_a_failure_is_explained_in_the_log_alone(idle_service: Service) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logging.getLogger("api").addHandler(handler)
    try:
        in_sql(idle_service.store.path, "DROP TABLE songs")
        failed = asked_in_process(idle_service, "GET", "/songs")
    finally:
        logging.getLogger("api").removeHandler(handler)
    message = assert_refused(failed, 500, "internal_error")
    assert "index.db" not in message
    [line] = [json.loads(line) for line in written.getvalue().splitlines()]
    assert (line["message"], line["request_id"]) == ("request failed", failed.json()["request_id"])
    assert "Traceback" in line["traceback"]
    assert "no such table: songs" in line["traceback"]
    assert asked_in_process(idle_service, "GET", "/healthz").status_code == httpx.codes.OK


def test_documentation_tells_what_an_index_of_another_kind_and_a_busy_server_answer(
    client: httpx.Client,
) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for operation in operations.values():
            if path != "/healthz":
                assert "409" in operation["responses"]
                assert "Retry-After" in operation["responses"]["503"]["headers"]
