"""Endpoint ``GET /profile``: the configuration that is served."""

from __future__ import annotations

from fastapi import APIRouter

from api.errors import documented
from api.routes.dependencies import ServiceDep
from api.schemas.bodies import ProfileBody

router = APIRouter(tags=["index"])


@router.get("/profile", response_model=ProfileBody, responses=documented())
async def profile(service: ServiceDep) -> ProfileBody:
    """Return the tuned configuration, with the model card that tells how it was measured."""
    return ProfileBody.of(service.profile)
