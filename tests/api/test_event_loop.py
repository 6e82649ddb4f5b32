"""The event loop waits for nobody: what touches the disk is done by threads."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.requests import Request

from api.errors import RefusedError
from api.uploads.admission import Admission
from api.uploads.receive import UploadLimits, received
from tests.api.material import song
from tests.api.uploads.test_receive import BOUNDARY, form

DISK = {
    "open", "os.listdir", "os.mkdir", "os.remove", "os.rmdir", "os.scandir", "shutil.rmtree",
    "tempfile.mkdtemp",
}  # fmt: skip


class Watch:
    """What is done on the disk, and by which threads, while it is ``watching``."""

    def __init__(self) -> None:
        self.watching = False
        self.done: list[tuple[str, str]] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event in DISK:
            self.done.append((event, threading.current_thread().name))


@pytest.fixture(scope="module")
def only_watch() -> Watch:
    return Watch()  # a hook stays for ever


@pytest.fixture
def watch(only_watch: Watch) -> Iterator[Watch]:
    only_watch.done.clear()
    yield only_watch
    only_watch.watching = False


def request(body: bytes) -> Request:
    kind = f"multipart/form-data; boundary={BOUNDARY}".encode()
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind)]}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


@pytest.mark.parametrize("content", [song(1), b"no audio at all"], ids=["taken", "refused"])
def test_a_file_comes_and_goes_without_the_event_loop_touching_the_disk(
    content: bytes, watch: Watch, tmp_path: Path
) -> None:
    async def take() -> bytes:
        limits = UploadLimits(max_bytes=10_000_000, timeout_s=60.0)
        arriving = received(
            request(form(content)),
            tmp_path,
            limits,
            fields=(),
            receiving=Admission(1, "being received"),
        )
        async with arriving as upload:
            watch.watching = False
            taken = upload.path.read_bytes()
            watch.watching = True
            return taken

    watch.watching = True
    if content == song(1):
        assert anyio.run(take) == content
    else:
        with pytest.raises(RefusedError, match="not audio"):
            anyio.run(take)
    watch.watching = False
    assert {"tempfile.mkdtemp", "open", "shutil.rmtree"} <= {event for event, _ in watch.done}
    loop = threading.main_thread().name
    assert [event for event, thread in watch.done if thread == loop] == []
    assert os.listdir(tmp_path) == []
