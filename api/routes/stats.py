"""Endpoint ``GET /stats``: the size of the index, and whether it is sound."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.addresses import client_at
from api.errors import documented
from api.routes.dependencies import ServiceDep
from api.schemas.bodies import HealthBody, ProvenanceBody, StatsBody
from api.service import Health, Service
from fpcore.config import Strict

router = APIRouter(tags=["index"])


class Wanted(Strict):
    """What is done beside telling the size."""

    check: Annotated[bool, Field(description="Check the index now, which reads all of it")] = False


@router.get("/stats", response_model=StatsBody, responses=documented())
async def stats(
    request: Request, service: ServiceDep, wanted: Annotated[Wanted, Query()]
) -> StatsBody:
    """Return the size of the index, its health when it was last checked, and its profile."""
    if wanted.check:
        client = client_at(request.client)
        with service.working.place(client) as place:
            async with service.checking.turn(client):
                place.settle()
                await to_thread.run_sync(service.check)
    return await to_thread.run_sync(_stats, service)


def _stats(service: Service) -> StatsBody:
    size, health = service.store.stats(), service.health
    return StatsBody(
        songs=size.n_songs,
        postings=size.n_postings,
        duration_s=size.duration_s,
        file_bytes=size.file_bytes,
        unused_bytes=size.unused_bytes,
        lookup_bytes=size.lookup_bytes,
        profile=ProvenanceBody.of(service.profile),
        health=None if health is None else _health(health),
    )


def _health(health: Health) -> HealthBody:
    report = health.report
    return HealthBody(
        ok=report.ok,
        problems=list(report.problems),
        notes=list(report.notes),
        checked_at=health.checked_at,
    )
