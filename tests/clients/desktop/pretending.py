"""A server that answers each path as a test says, as often as it is asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, bytes] | None
"""Status and body; None ends the connection without an answer."""

STATS: dict[str, Any] = {
    "songs": 3, "postings": 1, "duration_s": 24.0, "file_bytes": 1000, "unused_bytes": 0,
    "lookup_bytes": None, "health": None,
    "profile": {
        "name": "p", "digest": "d", "description": "", "threshold": 0.5, "calibration": None,
        "provenance": None,
    },
}  # fmt: skip


def song(number: int) -> dict[str, Any]:
    """Return a song as the service tells of it."""
    return {
        "song_id": number, "song_name": f"song {number}", "duration_s": 60.0 + number % 100,
        "fingerprints": 9, "checksum": str(number), "learned_at": "2026-11-29T12:00:00+00:00",
        "metadata": {}, "audio_kept": False, "complete": True, "stated_s": None,
    }  # fmt: skip


def refusal(code: str, message: str) -> bytes:
    """Return the body of a refusal."""
    return json.dumps({"code": code, "message": message, "request_id": "r"}).encode()


@dataclass
class Pretending:
    """Its address, what each path is answered, and what was asked."""

    address: str = ""
    answers: dict[str, Callable[[dict[str, str]], Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def says(self, path: str, status: int, content: object) -> None:
        """Have a path answered alike from now on."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers[path] = lambda query: (status, body)


@contextmanager
def pretending() -> Iterator[Pretending]:
    """Give such a server; `/stats` is answered, any other path with 404."""
    told = Pretending()
    told.says("/stats", 200, STATS)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            where = urlsplit(self.path)
            told.asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[-1] for name, values in parse_qs(where.query).items()}
            made = told.answers.get(where.path, lambda query: (404, b"{}"))(query)
            if made is None:
                self.close_connection = True
                return
            self.send_response(made[0])
            self.send_header("Content-Length", str(len(made[1])))
            self.end_headers()
            self.wfile.write(made[1])

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()
