"""What is refused, and that nothing of a request stays behind, however it ends."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from api.uploads.forms import MAX_SONG_NAME
from tests import audio_files
from tests.api.material import assert_refused, excerpt, learn, recognize, song, wav
from tests.api.server import Server, running

BOUNDARY = "boundary-of-the-form"
KINDS = ("/learn", "/recognize", "/explain")


def form(content: bytes, *, filename: str = "a.wav", end: bool = True) -> bytes:
    """Return a form with a file as it goes over the wire."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"'
        "\r\nContent-Type: audio/wav\r\n\r\n"
    )
    return head.encode() + content + (f"\r\n--{BOUNDARY}--\r\n".encode() if end else b"")


def post(
    client: httpx.Client, path: str, body: bytes | Iterator[bytes], **headers: str
) -> httpx.Response:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return client.post(path, content=body, headers=kind | headers)


@contextlib.contextmanager
def started(server: Server, *, length: int | None, path: str = "/recognize") -> Any:
    """Open a connection on which the head of an upload was sent."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{size}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
        )
        yield connection


def answer(connection: socket.socket) -> bytes:
    """Return all that a server says until it closes the connection or falls silent."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while b"}" not in said and (piece := connection.recv(65536)):
            said += piece
    return said


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
    "filename", ["song.txt", "song", "wav", "song.wav.exe", "song.m3u", ".wav"]
)
def test_an_ending_that_is_not_on_the_list_is_refused(filename: str, client: httpx.Client) -> None:
    message = assert_refused(
        learn(client, song(1), "x", filename=filename), 415, "unsupported_ending"
    )
    assert ".flac" in message


def test_the_ending_may_be_wrong_as_long_as_the_bytes_are_audio(client: httpx.Client) -> None:
    assert learn(client, song(1), "x", filename="SONG.MP3").status_code == 201


@pytest.mark.parametrize("content", [b"", b"RIFF", song(1)[:30]], ids=["empty", "4 bytes", "cut"])
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


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "'; DROP TABLE songs; --",
        "%00 %0a",
        "🎵 Ænima — 日本語 عربى",
        "👩‍👩‍👧",
        "e\u0301",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
        " spaces around ",
        "a" * MAX_SONG_NAME,
        '"quoted" \\ back',
        "null",
    ],
)
def test_song_names_are_kept_verbatim(name: str, client: httpx.Client) -> None:
    learned = learn(client, song(1), name)
    assert learned.status_code == 201, learned.text
    song_id = learned.json()["song_id"]
    assert learned.json()["song_name"] == name
    assert client.get(f"/songs/{song_id}").json()["song_name"] == name
    assert recognize(client, excerpt(1)).json()["song_name"] == name
    assert client.get("/songs", params={"name": name}).json()["total"] == 1


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a\x00b",
        "a\nb",
        "a\r\nb",
        "tab\t",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\u2028",
        "a" * (MAX_SONG_NAME + 1),
    ],
)
def test_song_names_that_are_empty_long_or_hold_control_characters_are_refused(
    name: str, client: httpx.Client
) -> None:
    message = assert_refused(learn(client, song(1), name), 400, "invalid_field")
    assert message.startswith("song_name: ")
    assert client.get("/songs").json()["total"] == 0


def test_metadata_nested_too_deep_is_refused_before_anything_is_stored(
    client: httpx.Client,
) -> None:
    deep = '{"a":' * 33 + "1" + "}" * 33
    message = assert_refused(learn(client, song(1), "x", metadata=deep), 400, "invalid_field")
    assert message.startswith("metadata: must not be nested more than 32 levels deep")
    assert len(message) < 200
    assert client.get("/songs").json()["total"] == 0


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


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "[]",
        "1",
        "{",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"source": "/etc"}',
        "[" * 5000,
        '{"a": ' + "1" * 5000 + "}",
    ],
)
def test_metadata_that_could_not_be_given_back_is_refused(
    metadata: str, client: httpx.Client
) -> None:
    message = assert_refused(learn(client, song(1), "x", metadata=metadata), 400, "invalid_field")
    assert message.startswith("metadata: ")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"top": "0"}, "invalid_field"),
        ({"top": "x"}, "invalid_field"),
        ({"top": "101"}, "invalid_field"),
        ({"scan": "maybe"}, "invalid_field"),
        ({"n": "1"}, "unknown_field"),
        ({"top": "1" * 20000}, "field_too_long"),
    ],
)
def test_options_that_are_not_valid_are_refused(
    fields: dict[str, str], code: str, client: httpx.Client
) -> None:
    assert_refused(recognize(client, excerpt(1), **fields), 400, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_form"),
        (b"no form at all", "malformed_form"),
        (form(song(1), end=False), "malformed_form"),
        (f"--{BOUNDARY}--\r\n".encode(), "file_missing"),
        (form(song(1)).replace(b'; filename="a.wav"', b""), "malformed_form"),
        (form(song(1)).replace(b'name="file"', b'name="music"'), "unknown_field"),
        (form(song(1), end=False) + b"\r\n" + form(song(1)), "malformed_form"),
        (form(b"").replace(b"Content-Type", b"X" * 20_000), "malformed_form"),
    ],
    ids=["nothing", "text", "no end", "no part", "no file name", "other name", "two", "header"],
)
def test_malformed_forms_are_refused(body: bytes, code: str, client: httpx.Client) -> None:
    assert_refused(post(client, "/recognize", body), 400, code)


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


def memory_of(server: Server) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)


def test_a_chunked_body_beyond_the_limit_is_refused_in_bounded_memory(
    server: Server, client: httpx.Client
) -> None:
    recognize(client, excerpt(1))
    before = memory_of(server)
    # 32 MB are drained, of which the limit lets two be written.
    assert_refused(post(client, "/recognize", endless(2**25)), 413, "too_large")
    assert memory_of(server) - before < 2**24
    assert client.get("/healthz").status_code == 200


def test_a_field_without_end_is_refused_in_bounded_memory(client: httpx.Client) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="top"\r\n\r\n'.encode()
    assert_refused(post(client, "/recognize", head + bytes(2**20)), 400, "field_too_long")


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


def test_an_upload_that_never_ends_is_given_up(empty_folder: Path) -> None:
    with running(empty_folder, upload_timeout_s=0.3) as server:
        with started(server, length=10_000) as connection:
            connection.sendall(form(b"RIFF")[:100])
            said = answer(connection)
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b'"too_slow"' in said
        assert server.uploads_left() == []


def test_a_small_file_that_decodes_to_hours_is_stopped(empty_folder: Path) -> None:
    bomb = audio_files.silent_flac(3 * 3600)
    assert len(bomb) < 100_000
    with running(empty_folder, max_duration_s=90) as server, server.client() as client:
        before = memory_of(server)
        message = assert_refused(
            learn(client, bomb, "bomb", filename="bomb.flac"), 422, "audio_unusable"
        )
        assert "longer than 1.5 min" in message
        scanned = recognize(client, bomb, filename="bomb.flac", scan="1")
        assert_refused(scanned, 422, "audio_unusable")
        # Recognition looks at the first minute alone.
        assert recognize(client, bomb, filename="bomb.flac").json()["matched"] is False
        assert memory_of(server) - before < 2**25
        assert server.uploads_left() == []


def test_more_uploads_than_are_received_at_once_are_told_to_come_again(
    empty_folder: Path,
) -> None:
    with running(empty_folder, max_uploads=2) as server, server.client() as client:
        body = form(excerpt(1))
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(started(server, length=len(body))) for _ in range(2)]
            for connection in slow:
                connection.sendall(body[:50])
            while [path.name for path in server.uploads_left()].count("audio") < 2:
                threading.Event().wait(0.01)
            refused = recognize(client, excerpt(1))
            message = assert_refused(refused, 503, "busy")
            assert message == "2 requests are being received: try again"
            assert int(refused.headers["retry-after"]) >= 1
            for connection in slow:
                connection.sendall(body[50:])
                assert answer(connection).startswith(b"HTTP/1.1 200 ")
        assert recognize(client, excerpt(1)).status_code == 200


def test_what_a_killed_server_left_is_removed_by_the_next(empty_folder: Path) -> None:
    with running(empty_folder) as server:
        with started(server, length=10_000) as connection:
            connection.sendall(form(bytes(1000))[:1000])
            while not server.uploads_left():
                threading.Event().wait(0.01)
            server.stop(sent=9)
        assert server.uploads_left()
    with running(empty_folder) as server:
        assert server.uploads_left() == []
        assert len(list(server.inbox.iterdir())) == 1
    assert list(server.inbox.iterdir()) == []
