"""From what goes wrong to what the client is told, and what only the log is told."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import httpx
import pytest

from api.errors import refusal_of
from fpcore.errors import (
    AudioError,
    ConfigMismatchError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    UnknownSongError,
)
from tests.api.material import assert_refused, excerpt, learn, recognize, song
from tests.api.server import running

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


def test_a_failure_is_explained_in_the_log_alone(empty_folder: Path) -> None:
    with running(empty_folder) as server, server.client() as client:
        learn(client, song(1), "First").raise_for_status()
        for path in server.folder.glob("index.db*"):
            path.write_bytes(b"no database any more" * 1000)
        failed = recognize(client, excerpt(1))
        message = assert_refused(failed, 500, "internal_error")
        assert "index.db" not in message
        request_id = failed.json()["request_id"]
        line = server.wait_for(f'.*"request failed".*"{request_id}".*')[0]
        assert "Traceback" in json.loads(line)["traceback"]
        assert client.get("/healthz").status_code == httpx.codes.OK
