"""Endpoint ``POST /learn``: a song into the index."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api.decoding import jobs
from api.errors import documented
from api.routes.dependencies import WRITER, ServiceDep
from api.routes.intake import accepted
from api.schemas.bodies import SOURCE_KEY, LearnedBody
from api.service import Service
from api.uploads import forms, kept_audio
from api.uploads.receive import Upload
from fpcore.store import JSON, Added, NewSong
from fpcore.store.derived_names import derived_name, marked_as_given

router = APIRouter(tags=["songs"])


@router.post(
    "/learn",
    status_code=201,
    response_model=LearnedBody,
    dependencies=[WRITER],
    openapi_extra=forms.documented(forms.LearnForm),
    responses={
        200: {"model": LearnedBody, "description": "The file or its audio is known: its song"},
        **documented(401, 403, 408, 413, 415, 507),
    },
)
async def learn(request: Request, response: Response, service: ServiceDep) -> LearnedBody:
    """Learn a song from a file.

    The name is kept verbatim. A song without one is called as its tags say, "Artist – Title", or,
    where they have no title, as the file that is sent without its ending. If the file is known
    already, or its audio under other tags or in another container, nothing is learned: the answer
    is the known song under the name that it has.
    Of a recording that is cut off or damaged on the way, what can be decoded is learned; the song
    is not `complete`. A whole copy with the same audio later takes its place, under its id where
    the index can do so. `warning` says so in each case.
    """
    async with accepted(request, service, forms.LearnForm) as (upload, form, place):
        known = await to_thread.run_sync(_known, upload, form, service)
        if known is not None:
            added, remixed = known, None
        else:
            service.store.check_writable()
            job = jobs.Extract(upload.path, upload.name, form.strict)
            found = await service.work(job, place)
            added = await to_thread.run_sync(_add, upload, form, found, service)
            remixed = found.fingerprint.remixed if added.created else None
    response.status_code = 201 if added.created else 200
    titles = await to_thread.run_sync(service.store.titles, [added.song])
    return LearnedBody.of_added(added, remixed, title=titles[added.song.id])


def _known(upload: Upload, form: forms.LearnForm, service: Service) -> Added | None:
    return service.store.known_file(
        upload.checksum, strict=form.strict, allow_duplicates=form.allow_duplicates
    )


def _add(upload: Upload, form: forms.LearnForm, found: jobs.Titled, service: Service) -> Added:
    """Write a song to the index, and before that its audio if the server keeps audio."""
    folder, store = service.settings.keep_audio, service.store
    metadata = dict(form.metadata)
    with contextlib.ExitStack() as stack:
        if folder is not None:
            kept = stack.enter_context(kept_audio.keep(upload, folder, store))
            metadata[SOURCE_KEY] = str(kept)
        song = _song(upload, form, found, metadata)
        made = found.fingerprint
        added = store.add_song(
            song, made.hashes, made.constellation, allow_duplicates=form.allow_duplicates
        )
    for part in added.replaced:
        if store.find(part.checksum) is None:
            kept_audio.discard(part, folder)
    return added


def _song(
    upload: Upload, form: forms.LearnForm, found: jobs.Titled, metadata: Mapping[str, JSON]
) -> NewSong:
    """Return the song with the name that it is given, or one that is derived."""
    if form.song_name:
        name, described = form.song_name, marked_as_given(form.song_name, metadata)
    else:
        source = metadata.get(SOURCE_KEY)
        called = derived_name(found.title, file=upload.given_name, source=source)
        name, described = called.name, {**metadata, **called.mark}
    made = found.fingerprint
    return NewSong(name, upload.checksum, made.duration_s, described, made.cut)
