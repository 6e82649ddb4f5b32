"""Forms that clients send with a file: their fields, checked and documented."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from api.errors import RefusedError
from api.schemas.bodies import OWN_KEYS
from fpcore.config import Strict, describe
from fpcore.store import JSON
from fpcore.store.base import MAX_METADATA_DEPTH, is_deeper

MAX_SONG_NAME = 300

# Control characters, surrogates (halves of characters), and separators of lines and paragraphs.
_REFUSED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}


def _check_song_name(name: str) -> str:
    """Return a name verbatim, or refuse it."""
    if not name.strip():
        raise ValueError("must not be empty")
    if len(name) > MAX_SONG_NAME:
        raise ValueError(f"must have at most {MAX_SONG_NAME} characters")
    for char in name:
        if unicodedata.category(char) in _REFUSED_CATEGORIES:
            raise ValueError(f"must not hold the control character U+{ord(char):04X}")
    return name


def _no_number(text: str) -> None:
    raise ValueError(f"holds {text}, which JSON has no number for")


def _parse_metadata(text: str) -> dict[str, JSON]:
    """Return a JSON object that can be stored and given back as it is."""
    try:
        content = json.loads(text, parse_constant=_no_number)
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("must be a JSON object of Unicode text and finite numbers") from None
    if not isinstance(content, dict):
        raise ValueError("must be a JSON object")
    if is_deeper(content, MAX_METADATA_DEPTH):
        raise ValueError(f"must not be nested more than {MAX_METADATA_DEPTH} levels deep")
    for key in OWN_KEYS & content.keys():
        raise ValueError(f"must not have the key {key!r}, which is the server's own")
    return content


SongName = Annotated[
    str,
    AfterValidator(_check_song_name),
    Field(
        description="Kept verbatim",
        # The page /docs fills its form in with the example: an empty one names no song.
        json_schema_extra={"maxLength": MAX_SONG_NAME, "example": ""},
    ),
]


class Form(Strict):
    """The fields of a request beside its file."""


class LearnForm(Form):
    """What is said of a song to learn."""

    song_name: Annotated[
        SongName,
        Field(description="Kept verbatim; without it, the song is called as its tags or its file"),
    ] = ""  # no name that is sent can be empty
    metadata: Annotated[
        Mapping[str, Any],
        BeforeValidator(_parse_metadata, json_schema_input_type=str),
        Field(
            description='A JSON object, such as {"album": "Wesnoth"}',
            json_schema_extra={"default": "{}"},
        ),
    ] = {}
    strict: Annotated[
        bool, Field(description="Refuse a recording that is cut off or damaged on the way")
    ] = False
    allow_duplicates: Annotated[
        bool, Field(description="Learn the audio of a known song again from another file")
    ] = False


class RecognizeForm(Form):
    """How a recording is to be recognised."""

    top: Annotated[int, Field(ge=1, le=100, description="Candidates to return")] = 5
    scan: Annotated[bool, Field(description="Find every song in a long recording")] = False


class ExplainForm(Form):
    """How a recognition is to be explained."""

    format: Annotated[
        Literal["png", "json"], Field(description="A picture, or the numbers to draw one from")
    ] = "png"


FormT = TypeVar("FormT", bound=Form)


def parse(form: type[FormT], fields: Mapping[str, str]) -> FormT:
    """Return the fields of a request as a form, or refuse them with status 400."""
    try:
        return form.model_validate(fields)
    except ValidationError as error:
        raise RefusedError(400, "invalid_field", describe(error)) from None


def refuse_in_address(names: Iterable[str]) -> None:
    """Refuse fields that stand in the query part of an address, with status 400."""
    for name in names:
        message = f"{name[:100]!r} stands in the address: send it as a field of the form"
        raise RefusedError(400, "unknown_field", message)


def documented(form: type[Form]) -> dict[str, Any]:
    """Return what the documentation says of a request with a file and a form."""
    schema = form.model_json_schema(mode="validation")
    file = {"type": "string", "format": "binary", "description": "The audio"}
    schema["properties"] = {"file": file, **schema.get("properties", {})}
    schema["required"] = ["file", *schema.get("required", [])]
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}
