"""Forms as they go over the wire, read by the service's own reader."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from api.uploads.multipart import FormReader
from clients.rest.forms import Body, Form
from clients.rest.recordings import recording

CONTENT = bytes(range(256)) * 2000


def sent(form: Form) -> tuple[Body, bytes]:
    """Return a form as a body, and all of its bytes."""
    body = form.open()
    content = b"".join(iter(body.read, b""))
    body.close()
    return body, content


def received(body: Body, content: bytes, fields: Mapping[str, str]) -> tuple[FormReader, bytes]:
    boundary = body.headers["Content-Type"].removeprefix("multipart/form-data; boundary=")
    reader = FormReader(boundary.encode(), fields=frozenset(fields))
    pieces = reader.feed(content)
    reader.finish()
    return reader, b"".join(pieces)


@pytest.mark.parametrize("filename", ["a song.wav", "Ünïcode 曲.mp3", "a;b=c.wav"])
def test_the_service_reads_what_was_sent(filename: str) -> None:
    fields = {"song_name": 'É "quoted"\r\n--x', "metadata": "{}"}
    body, content = sent(Form(recording(CONTENT, filename), fields))
    assert body.headers["Content-Length"] == str(len(content))
    reader, file = received(body, content, fields)
    assert file == CONTENT
    assert reader.fields == fields
    assert reader.filename == filename


def test_a_file_name_cannot_add_to_the_form() -> None:
    body, content = sent(Form(recording(b"x", 'a"\r\nX: y\r\n\r\nb\udc80.wav'), {}))
    reader, file = received(body, content, {})
    assert file == b"x"
    assert reader.filename == "a%22%0D%0AX: y%0D%0A%0D%0Ab?.wav"


def test_two_forms_have_two_boundaries() -> None:
    form = Form(recording(b"x"), {})
    assert form.open().headers["Content-Type"] != form.open().headers["Content-Type"]
