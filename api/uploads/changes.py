"""Changes of what is there: small JSON objects in the bodies of requests, checked and documented.

A body is read after the right to write was checked, at the pace of uploads, and no further than a
change can be long.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from fastapi import Request

from api.errors import RefusedError
from api.uploads import forms
from api.uploads.pace import PaceLimits, paced

MAX_BYTES = 1 << 14
"""More than any change has, however its characters are written."""


class SongChange(forms.Form):
    """What becomes of a song."""

    song_name: forms.SongName


ChangeT = TypeVar("ChangeT", bound=forms.Form)


async def received(request: Request, kind: type[ChangeT], pace: PaceLimits) -> ChangeT:
    """Return the change that a request asks for.

    Parameters
    ----------
    request : Request
        Its body has not been read.
    kind : type of Form
        The fields that the change may have.
    pace : PaceLimits
        How long the body may take.

    Returns
    -------
    Form
        The fields, checked.

    Raises
    ------
    RefusedError
        When the request is malformed (400), too slow (408) or too large (413).
    """
    forms.refuse_in_address(request.query_params)
    body = bytearray()
    async for piece in paced(request.stream(), pace):
        body += piece
        if len(body) > MAX_BYTES:
            raise RefusedError(413, "too_large", f"a change has at most {MAX_BYTES} bytes")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise RefusedError(400, "malformed_body", "send the change as a JSON object")
    return forms.parse(kind, content)


def documented(kind: type[forms.Form]) -> dict[str, Any]:
    """Return what the documentation says of a request with a change."""
    content = {"application/json": {"schema": kind.model_json_schema(mode="validation")}}
    return {"requestBody": {"required": True, "content": content}}
