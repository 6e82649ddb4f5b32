"""``POST /explain``: a picture of how a recording was recognised, or why it was not."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import forms, jobs
from api.dependencies import ServiceDep
from api.errors import documented
from api.intake import accepted

router = APIRouter(tags=["recognition"])


@router.post(
    "/explain",
    response_class=Response,
    openapi_extra=forms.documented(forms.ExplainForm),
    responses={
        200: {
            "description": "Constellations, shared hashes and the histogram of offsets",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        },
        **documented(408, 413, 415, 507),
    },
)
async def explain(request: Request, service: ServiceDep) -> Response:
    """Draw the constellations of recording and song, and the histogram of offsets."""
    async with accepted(request, service, forms.ExplainForm) as (upload, _):
        picture = await service.pool.run(jobs.Explain(upload.path, upload.name))
    return Response(picture, media_type="image/png")
