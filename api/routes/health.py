"""Endpoints ``/healthz``, ``/readyz`` and ``/metrics``, for those who watch over the service."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Response

from api.errors import busy, documented
from api.routes.dependencies import ServiceDep
from api.schemas.bodies import StatusBody

router = APIRouter(tags=["operation"])

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/healthz", response_model=StatusBody)
async def healthz() -> StatusBody:
    """Tell that the process is alive; touches nothing else."""
    return StatusBody(status="ok")


@router.get("/readyz", response_model=StatusBody, responses=documented())
async def readyz(service: ServiceDep) -> StatusBody:
    """Tell whether the index can be read, uploads can be stored, and a decoder is running."""
    await to_thread.run_sync(service.store.n_songs)
    if not await to_thread.run_sync(service.inbox.path.is_dir):
        raise busy("no_inbox", "the server's folder for uploads was removed: restart the server")
    if not service.pool.process_ids():
        raise busy("no_decoder", "no decoder is running: try again")
    return StatusBody(status="ok")


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Counts and times in Prometheus's text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **documented(),
    },
)
async def metrics(service: ServiceDep) -> Response:
    """Return counts and times for Prometheus."""
    return Response(await to_thread.run_sync(service.metrics.text), media_type=METRICS_TYPE)
