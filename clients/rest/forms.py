"""Forms: a recording and fields as one multipart body, made in pieces while it is sent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clients.rest.recordings import OpenRecording, Recording

_ESCAPED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""As browsers write the name of a file."""


@dataclass(frozen=True, slots=True)
class Form:
    """A recording, and what is said of it."""

    recording: Recording
    fields: Mapping[str, str]

    def open(self) -> Body:
        """Return the form as a body, whose recording is open.

        Raises
        ------
        UnreadableError
            When the recording cannot be opened.
        """
        return Body(self.fields, self.recording.open(), secrets.token_hex(16))


class Body:
    """A multipart body; `close` closes its recording.

    Parameters
    ----------
    fields : mapping of str to str
        What is said of the recording.
    recording : OpenRecording
        It comes last, so that a server knows all about it first.
    boundary : str
        Separates the parts; must occur in none of them.
    """

    def __init__(self, fields: Mapping[str, str], recording: OpenRecording, boundary: str) -> None:
        parts = [_field(name, text, boundary) for name, text in fields.items()]
        self._head = b"".join([*parts, _file_head(recording.name, boundary)])
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._recording = recording
        self._boundary = boundary
        self._pieces = self._made()

    @property
    def headers(self) -> dict[str, str]:
        """Headers that a request with this body has; without a length it is sent in chunks."""
        headers = {"Content-Type": f"multipart/form-data; boundary={self._boundary}"}
        if self._recording.n_bytes is not None:
            n_bytes = len(self._head) + self._recording.n_bytes + len(self._tail)
            headers["Content-Length"] = str(n_bytes)
        return headers

    def read(self) -> bytes:
        """Return the next piece; empty when there is none.

        Raises
        ------
        UnreadableError
            When the recording cannot be read.
        """
        return next(self._pieces, b"")

    def close(self) -> None:
        """Close the recording."""
        self._recording.close()

    def _made(self) -> Iterator[bytes]:
        yield self._head
        yield from self._recording.pieces()
        yield self._tail


def _field(name: str, text: str, boundary: str) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + text.encode("utf-8", "surrogatepass") + b"\r\n"


def _file_head(filename: str, boundary: str) -> bytes:
    shown = filename.translate(_ESCAPED).encode("utf-8", "replace")
    disposition = b'Content-Disposition: form-data; name="file"; filename="' + shown + b'"'
    kind = b"Content-Type: application/octet-stream"
    return f"--{boundary}\r\n".encode() + disposition + b"\r\n" + kind + b"\r\n\r\n"
