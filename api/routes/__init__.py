"""Endpoints of the service, one module a noun."""

from __future__ import annotations

from api.routes import explain, health, learn, profile, recognize, songs, stats

ROUTERS = (
    learn.router,
    recognize.router,
    songs.router,
    stats.router,
    profile.router,
    explain.router,
    health.router,
)
