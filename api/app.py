"""Application factory of the service, for ``uvicorn --factory api.app:create_app``.

``python -m api`` calls it, too, and checks the settings before.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api import docs, errors, mounted, page
from api.middleware import ID_HEADER, RequestContext
from api.operations import log
from api.routes import ROUTERS
from api.security import KEY_HEADER
from api.service import Service
from api.settings import Settings

logger = logging.getLogger(__name__)

_DESCRIPTION = (
    "Learns songs and recognises recordings of them under one tuned configuration. "
    "Every error has one shape: a code for programs, a message for people, and the id of the "
    "request, which the server's log names too."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; it opens the index when it starts, not before.

    Without ``settings`` they come from the environment, and the log goes to standard error as
    JSON lines.

    Raises
    ------
    ConfigError
        When the environment's settings are not valid.
    """
    if settings is None:
        settings = Settings.from_environment()
        log.configure(settings.log_level)
    app = FastAPI(
        title="Audio fingerprinting service",
        description=_DESCRIPTION,
        version=_version(),
        lifespan=_lifespan(settings),
        docs_url=None,
        redoc_url=None,
    )
    errors.install(app)
    docs.install(app)
    page.install(app)
    for router in ROUTERS:
        app.include_router(router)
    mounted.install(app)
    app.add_middleware(RequestContext)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=[KEY_HEADER, ID_HEADER],
            expose_headers=[ID_HEADER, "Retry-After"],
        )
    return app


def _lifespan(settings: Settings) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        logger.info("settings", extra={"fields": {"settings": settings.public()}})
        service = await to_thread.run_sync(Service.start, settings)
        app.state.service = service
        _end_with_supervisor()
        check = asyncio.create_task(to_thread.run_sync(service.first_check))
        try:
            yield {}
        finally:
            await check
            await to_thread.run_sync(service.stop)

    return lifespan


def _end_with_supervisor() -> None:
    """End this server process when the process that supervises several of them has died.

    A supervisor that was killed cannot tell them to stop, and they would keep its port.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        loop, gone = asyncio.get_running_loop(), supervisor.sentinel

        def stop() -> None:
            loop.remove_reader(gone)
            signal.raise_signal(signal.SIGTERM)

        loop.add_reader(gone, stop)


def _version() -> str:
    try:
        return version("fpworkbench")
    except PackageNotFoundError:
        return "0"
