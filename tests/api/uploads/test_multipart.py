"""Forms parsed as they arrive: however they are cut, the same comes out."""

from __future__ import annotations

import email.message
import email.policy

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import RefusedError
from api.uploads.multipart import FormReader
from tests import audio_files
from tests.api.material import RATE_HZ, assert_refused, wav
from tests.api.wire import BOUNDARY, form, post

SHORT = b"xYz"


# Bytes that look like the parts of a form, so that boundaries are met halfway.
contents = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--xYz", b"\r\n--xY", b"xYz", b"\0"])
    | st.binary(max_size=20),
    max_size=30,
).map(lambda parts: b"".join(parts).replace(b"\r\n--xYz", b"\r\n--xY_"))


def encoded(content: bytes, name: str) -> bytes:
    """Return a form as a client library writes it."""
    request = httpx.Request(
        "POST",
        "http://localhost",
        files={"file": ("a.wav", content)},
        data={"name": name},
        headers={"Content-Type": f"multipart/form-data; boundary={SHORT.decode()}"},
    )
    return request.read()


def parsed_by_email(body: bytes) -> dict[str, bytes]:
    """Return the parts of a form as Python's parser of mail finds them."""
    head = b'Content-Type: multipart/form-data; boundary="xYz"\r\n\r\n'
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    return {
        str(part.get_param("name", header="content-disposition")): bytes(
            part.get_payload(decode=True)
        )
        for part in message.iter_parts()
    }


@given(contents, st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")), st.data())
def test_a_form_cut_anywhere_gives_its_file_and_its_fields(
    content: bytes, name: str, data: st.DataObject
) -> None:
    body = encoded(content, name)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=10)))
    reader = FormReader(SHORT, fields=frozenset({"name"}))
    pieces = [
        piece
        for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)
        for piece in reader.feed(body[start:end])
    ]
    reader.finish()
    assert b"".join(pieces) == content
    assert reader.filename == "a.wav"
    assert reader.fields == {"name": name}


def test_a_plain_form_gives_what_the_parser_of_mail_gives() -> None:
    body = encoded(b"some sound", "a name")
    reader = FormReader(SHORT, fields=frozenset({"name"}))
    content = b"".join(reader.feed(body))
    assert {"file": content, "name": reader.fields["name"].encode()} == parsed_by_email(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    reader = FormReader(SHORT, fields=frozenset({"name"}))
    with pytest.raises(RefusedError) as refusal:
        reader.feed(body)
        reader.finish()
    assert refusal.value.status == 400


def test_many_parts_are_refused() -> None:
    part = b'--xYz\r\nContent-Disposition: form-data; name="name%d"\r\n\r\nx\r\n'
    fields = frozenset(f"name{number}" for number in range(100))
    reader = FormReader(SHORT, fields=fields)
    with pytest.raises(RefusedError, match="more than 16 parts"):
        reader.feed(b"".join(part % number for number in range(100)))


SOUND = wav(audio_files.noisy_tones(2.0, RATE_HZ, n_channels=1)[:, 0])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_form"),
        (b"no form at all", "malformed_form"),
        (form(SOUND, end=False), "malformed_form"),
        (f"--{BOUNDARY}--\r\n".encode(), "file_missing"),
        (form(SOUND).replace(b'; filename="a.wav"', b""), "malformed_form"),
        (form(SOUND).replace(b'name="file"', b'name="music"'), "unknown_field"),
        (form(SOUND, end=False) + b"\r\n" + form(SOUND), "malformed_form"),
        (form(b"").replace(b"Content-Type", b"X" * 20_000), "malformed_form"),
    ],
    ids=["nothing", "text", "no end", "no part", "no file name", "other name", "two", "header"],
)
def test_malformed_forms_are_refused(body: bytes, code: str, client: httpx.Client) -> None:
    assert_refused(post(client, "/recognize", body), 400, code)


def test_a_field_without_end_is_refused_in_bounded_memory(client: httpx.Client) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="top"\r\n\r\n'.encode()
    assert_refused(post(client, "/recognize", head + bytes(2**20)), 400, "field_too_long")
