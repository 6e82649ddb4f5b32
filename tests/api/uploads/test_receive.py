"""What is refused, and that nothing of a request stays behind, however it ends."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import numpy as np
import pytest

from api.errors import RefusedError
from api.uploads.admission import Reception
from api.uploads.pace import PaceLimits
from api.uploads.receive import UploadLimits, received
from tests import audio_files
from tests.api.conftest import asked_in_process, new_service
from tests.api.material import RATE_HZ, assert_refused, excerpt, learn, recognize, song, wav
from tests.api.server import Server, memory_of
from tests.api.wire import BOUNDARY, answer, form, post, request, started

KINDS = ("/learn", "/recognize", "/explain")

# More than is written at a time.
SOUND = wav(audio_files.noisy_tones(8.0, RATE_HZ, n_channels=1)[:, 0])


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:10,x\n/etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"[playlist]\nFile1=/etc/passwd\n",
        b"<?xml version='1.0'?><playlist/>",
        b"#!/bin/sh\nexit\n",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\0" * 100,
    ],
    ids=["m3u", "ffconcat", "pls", "xspf", "script", "pdf", "png", "zeros"],
)
def test_what_is_no_audio_is_refused_whatever_it_is_called(
    path: str, content: bytes, client: httpx.Client
) -> None:
    data = {"song_name": "x"} if path == "/learn" else {}
    refused = client.post(path, files={"file": ("music.wav", content)}, data=data)
    assert_refused(refused, 415, "unsupported_kind")


@pytest.mark.parametrize(
    "filename",
    ["blob", "song.txt", "wav", "song.wav.exe", "song.m3u", ".wav", "SONG.MP3", "../x", "a/b.pdf"],
)
def test_the_bytes_decide_what_a_file_is_and_not_its_name(
    filename: str, client: httpx.Client
) -> None:
    learned = learn(client, song(1), "Aria", filename=filename)
    assert (learned.status_code, learned.json()["song_name"]) == (201, "Aria")
    found = recognize(client, excerpt(1), filename=filename)
    assert (found.status_code, found.json()["song_name"]) == (200, "Aria")


def test_a_file_whose_name_is_no_text_is_taken_and_named_in_refusals(client: httpx.Client) -> None:
    def sent(path: str, content: bytes) -> httpx.Response:
        head = b'Content-Disposition: form-data; name="file"; filename="caf\xe9.mp3"\r\n\r\n'
        body = b"--xyz\r\n" + head + content + b"\r\n--xyz--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=xyz"}
        return client.post(path, content=body, headers=kind)

    assert sent("/recognize", song(1)).status_code == 200
    assert "caf\N{REPLACEMENT CHARACTER}.mp3: is empty" in assert_refused(
        sent("/recognize", b""), 400, "empty_file"
    )


@pytest.mark.parametrize("content", [b"", b"RIFF", SOUND[:30]], ids=["empty", "4 bytes", "cut"])
def test_empty_and_cut_files_are_refused(content: bytes, client: httpx.Client) -> None:
    response = learn(client, content, "x")
    assert response.status_code in (400, 415, 422)
    assert_refused(response, response.status_code, response.json()["code"])
    assert client.get("/songs").json()["total"] == 0


@pytest.mark.parametrize(
    "filename",
    [
        "../../etc/passwd.wav",
        "/etc/passwd.wav",
        "C:\\a\\b.wav",
        "a\x00b.wav",
        "é🎵.wav",
        "a'b;--.wav",
        "%2e%2e%2f.wav",
        "x" * 3000 + ".wav",
        " .. .wav",
        "a\r\nSet-Cookie: b.wav",
    ],
)
def test_file_names_are_never_paths_nor_headers(
    filename: str, client: httpx.Client, server: Server
) -> None:
    before = {path for path in server.folder.rglob("*") if server.inbox not in path.parents}
    response = learn(client, song(1), "x", filename=filename)
    # The client library quotes what a header cannot hold: then the name is another, no worse one.
    assert response.status_code == 201, response.text
    assert "set-cookie" not in response.headers
    after = {path for path in server.folder.rglob("*") if server.inbox not in path.parents}
    assert {path.name for path in after - before} <= {"index.db-wal", "index.db-shm"}


def test_a_quoted_boundary_may_hold_a_semicolon(client: httpx.Client) -> None:
    body = b"--a;b\r\n" + b"\r\n".join(
        (
            b'Content-Disposition: form-data; name="song_name"\r\n\r\nquoted\r\n--a;b',
            b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n',
            song(1) + b"\r\n--a;b--\r\n",
        )
    )
    kind = {"Content-Type": 'multipart/form-data; boundary="a;b"'}
    assert client.post("/learn", content=body, headers=kind).status_code == 201


def test_other_content_types_are_refused(client: httpx.Client) -> None:
    for kind in ("application/json", "audio/wav", "application/x-www-form-urlencoded", ""):
        refused = client.post("/recognize", content=song(1), headers={"Content-Type": kind})
        assert_refused(refused, 415, "not_multipart")
    for kind in ("multipart/form-data", "multipart/form-data; boundary="):
        refused = client.post("/recognize", content=song(1), headers={"Content-Type": kind})
        assert_refused(refused, 400, "malformed_form")
    long = {"Content-Type": f"multipart/form-data; boundary={'b' * 1000}"}
    assert_refused(client.post("/learn", content=b"", headers=long), 400, "malformed_form")


def test_a_declared_size_beyond_the_limit_is_refused_before_the_body(server: Server) -> None:
    with started(server, length=10**12) as connection:
        said = answer(connection)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b'"too_large"' in said


def endless(n_bytes: int) -> Iterator[bytes]:
    """Return a form whose file has ``n_bytes``, in pieces of a megabyte."""
    yield form(excerpt(1)[:44], end=False)
    for _ in range(n_bytes // 2**20):
        yield bytes(2**20)
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


def test_a_file_may_be_as_large_as_the_limit_and_not_a_byte_larger(client: httpx.Client) -> None:
    """The server's limit is two megabytes; what a form holds beside the file is not counted."""
    n_bytes = 2_000_000
    largest = wav(np.zeros((n_bytes - 44) // 2, np.float32))
    assert len(largest) == n_bytes
    metadata = f'{{"note": "{"x" * 10_000}"}}'
    accepted = recognize(client, largest)
    assert accepted.status_code == 200, accepted.text
    assert_refused(recognize(client, largest + b"\0"), 413, "too_large")
    assert_refused(learn(client, largest + b"\0", "x", metadata=metadata), 413, "too_large")
    not_heard = learn(client, largest, "x", metadata=metadata)
    assert_refused(not_heard, 422, "audio_unusable")  # silence, not its size


def test_a_chunked_body_beyond_the_limit_is_refused_in_bounded_memory(
    server: Server, client: httpx.Client
) -> None:
    recognize(client, excerpt(1))
    before = memory_of(server)
    # 32 MB are drained, of which the limit lets two be written.
    assert_refused(post(client, "/recognize", endless(2**25)), 413, "too_large")
    assert memory_of(server) - before < 2**24
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("difference", [-100, 100])
def test_a_length_that_lies_harms_nobody(
    difference: int, server: Server, client: httpx.Client
) -> None:
    body = form(excerpt(1))
    with started(server, length=len(body) + difference) as connection:
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)
        said = answer(connection)
    # Too short a length leaves a form without its end; too long a one, a client that is gone.
    assert said == b"" or said.startswith(b"HTTP/1.1 400 ")
    assert client.get("/healthz").status_code == 200
    server.wait_for(r'"path": "/recognize", "status": (400|499)')


def test_an_aborted_upload_leaves_nothing(server: Server, client: httpx.Client) -> None:
    n_before = server.log.count('"status": 499')
    for n_sent in (1, 1000, 100_000):
        body = form(excerpt(1))
        with started(server, length=len(body), path="/learn") as connection:
            connection.sendall(body[:n_sent])
    while server.log.count('"status": 499') < n_before + 3:
        client.get("/healthz").raise_for_status()
    assert server.uploads_left() == []


def test_an_upload_that_never_ends_is_given_up(tmp_path: Path) -> None:
    service = new_service(tmp_path, upload_timeout_s=0.1)

    async def endless() -> AsyncIterator[bytes]:
        yield form(b"RIFF")[:100]
        await anyio.sleep_forever()

    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    said = asked_in_process(service, "POST", "/recognize", content=endless(), headers=kind)
    assert "longer than 0.1 s" in assert_refused(said, 408, "too_slow")
    assert list(service.inbox.path.iterdir()) == []
    assert service.receiving.n_taken == 0
    service.stop()


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


@pytest.mark.parametrize("content", [SOUND, b"no audio at all"], ids=["taken", "refused"])
def test_a_file_comes_and_goes_without_the_event_loop_touching_the_disk(
    content: bytes, watch: Watch, tmp_path: Path
) -> None:
    async def take() -> bytes:
        limits = UploadLimits(10_000_000, PaceLimits(window_s=60.0, bytes_per_s=1.0, total_s=60.0))
        arriving = received(
            request(form(content)),
            tmp_path,
            limits,
            fields=(),
            receiving=Reception(1),
        )
        async with arriving as upload:
            watch.watching = False
            taken = upload.path.read_bytes()
            watch.watching = True
            return taken

    watch.watching = True
    if content == SOUND:
        assert anyio.run(take) == content
    else:
        with pytest.raises(RefusedError, match="not audio"):
            anyio.run(take)
    watch.watching = False
    assert {"tempfile.mkdtemp", "open", "shutil.rmtree"} <= {event for event, _ in watch.done}
    loop = threading.main_thread().name
    assert [event for event, thread in watch.done if thread == loop] == []
    assert os.listdir(tmp_path) == []
