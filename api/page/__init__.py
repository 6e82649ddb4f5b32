"""Web page of the service: a few static files, which load nothing from other servers.

The page calls the same endpoints as every client. Its addresses are relative, so that it works
under any path that a proxy puts before it.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse

STATIC = Path(__file__).parent / "static"


def install(app: FastAPI) -> None:
    """Add the page at ``/`` and its files under ``/static``."""
    app.mount("/static", StaticFiles(directory=STATIC), name="page")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")
