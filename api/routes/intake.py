"""Intake of a request that brings a file: admitted, received, checked, used, removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.addresses import client_at
from api.service import Service
from api.uploads import forms
from api.uploads.admission import UploadPlace
from api.uploads.receive import Upload, received

FormT = TypeVar("FormT", bound=forms.Form)


@asynccontextmanager
async def accepted(
    request: Request, service: Service, form: type[FormT]
) -> AsyncIterator[tuple[Upload, FormT, UploadPlace]]:
    """Receive a request's file and form, and hold a place among the jobs while they are used.

    When all places are taken the request is refused before it is received: a client learns at
    once that it should try again. A request with a field in its address is refused, too, because
    fields are read from the form only. Until its job begins, the request ends at once when its
    client goes away.

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
    place : UploadPlace
        The place among the jobs.

    Raises
    ------
    RefusedError
        When the request is malformed, unknown fields are in it, or too much is going on: see
        `api.uploads.receive.received`.
    ClientDisconnect
        When the client goes away while the request waits.
    """
    forms.refuse_in_address(request.query_params)
    client = client_at(request.client)
    service.working.check(client)
    async with received(
        request,
        service.inbox.path,
        service.upload_limits,
        fields=form.model_fields,
        receiving=service.receiving,
    ) as upload:
        content = forms.parse(form, upload.fields)
        with service.working.place(client) as place:
            watching = asyncio.create_task(_end_when_left(request, place))
            try:
                yield upload, content, place
            finally:
                watching.cancel()


async def _end_when_left(request: Request, place: UploadPlace) -> None:
    """Take the place of a request away when its client goes; all of its body has arrived."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    place.end(ClientDisconnect())
