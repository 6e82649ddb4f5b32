"""Endpoint ``POST /recognize``: which song a recording comes from."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from anyio import to_thread
from fastapi import APIRouter, Request

from api.decoding import jobs
from api.errors import documented
from api.routes.dependencies import ServiceDep
from api.routes.intake import accepted
from api.schemas.bodies import RecognitionBody
from api.service import Service
from api.uploads import forms
from fpcore.records import Recognition
from fpcore.search.passes import align_query

router = APIRouter(tags=["recognition"])


@router.post(
    "/recognize",
    response_model=RecognitionBody,
    openapi_extra=forms.documented(forms.RecognizeForm),
    responses=documented(408, 413, 415, 507),
)
async def recognize(request: Request, service: ServiceDep) -> RecognitionBody:
    """Recognise a recording.

    Of a long recording only the first ``max_query_s`` seconds (see the profile) are used, from its
    first sound on. With `scan` all of it is searched, and every song that is heard in it is told
    with its time span. Silence is answered like a recording of no known song. Of a recording that
    is cut off or damaged on the way, what can be decoded is used; `warning` says so, and also when
    channels were reversed or left out because mixing all as they are would lose the music.
    """
    async with accepted(request, service, forms.RecognizeForm) as (upload, form, place):
        started = perf_counter()
        as_of = service.store.as_of
        if form.scan:
            scanned = await service.work(jobs.Scan(upload.path, upload.name), place)
            return RecognitionBody.of_scan(
                scanned,
                profile=service.profile,
                total_s=perf_counter() - started,
                as_of=as_of,
            )
        heard = await service.work(jobs.Hear(upload.path, upload.name), place)
        found = await to_thread.run_sync(_look_up, heard, service)
        service.metrics.recognised(found.times)
        return RecognitionBody.of_recognition(
            found,
            top=form.top,
            profile=service.profile,
            total_s=perf_counter() - started,
            as_of=as_of,
        )


def _look_up(heard: jobs.TimedQuery, service: Service) -> Recognition:
    """Return the answer; `align_query` itself begins anew when a song is removed meanwhile."""
    trace = align_query(
        heard.windows,
        service.store,
        service.profile,
        decode_s=heard.decode_s,
        fingerprint_s=heard.fingerprint_s,
    )
    return replace(trace, cut=heard.cut, remixed=heard.remixed).recognition
