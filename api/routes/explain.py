"""Endpoint ``POST /explain``: how a recording was recognised, or why not, drawn or in numbers."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.decoding import jobs
from api.errors import documented
from api.routes.dependencies import ServiceDep
from api.routes.intake import accepted
from api.schemas.explanation import ExplanationBody
from api.uploads import forms

router = APIRouter(tags=["recognition"])


@router.post(
    "/explain",
    response_class=Response,
    openapi_extra=forms.documented(forms.ExplainForm),
    responses={
        200: {
            "description": "Constellations, shared hashes and the histogram of offsets",
            "model": ExplanationBody,
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        },
        **documented(408, 413, 415, 507),
    },
)
async def explain(request: Request, service: ServiceDep) -> Response:
    """Show the constellations of recording and song, and the histogram of offsets.

    As a picture, or with `format` json as the numbers to draw one from.
    """
    async with accepted(request, service, forms.ExplainForm) as (upload, form, place):
        job, media_type = _FORMATS[form.format]
        content = await service.work(job(upload.path, upload.name), place)
    return Response(content, media_type=media_type)


_FORMATS: dict[str, tuple[type[jobs.Explain | jobs.Trace], str]] = {
    "png": (jobs.Explain, "image/png"),
    "json": (jobs.Trace, "application/json"),
}
