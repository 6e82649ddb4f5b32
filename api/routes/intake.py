"""Intake of a request that brings a file: admitted, received, checked, used, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Request

from api.service import Service
from api.uploads import forms
from api.uploads.receive import Upload, received

FormT = TypeVar("FormT", bound=forms.Form)


@asynccontextmanager
async def accepted(
    request: Request, service: Service, form: type[FormT]
) -> AsyncIterator[tuple[Upload, FormT]]:
    """Receive a request's file and form, and hold a place among the jobs while they are used.

    When all places are taken the request is refused before it is received: a client learns at
    once that it should try again. A request with a field in its address is refused, too, because
    fields are read from the form only.

    Parameters
    ----------
    request : Request
        A POST whose body has not been read.
    service : Service
        Its folder for uploads, its limits and its places.
    form : type of Form
        The fields that the request may have beside its file.

    Yields
    ------
    upload : Upload
        The received file; it is removed at the end.
    content : Form
        The fields, checked.

    Raises
    ------
    RefusedError
        When the request is malformed, unknown fields are in it, or too much is going on: see
        `api.uploads.receive.received`.
    """
    forms.refuse_in_address(request.query_params)
    service.working.check()
    async with received(
        request,
        service.inbox.path,
        service.upload_limits,
        fields=form.model_fields,
        receiving=service.receiving,
    ) as upload:
        content = forms.parse(form, upload.fields)
        with service.working.place():
            yield upload, content
