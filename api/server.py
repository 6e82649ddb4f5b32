"""The server processes of ``python -m api``: started, announced and stopped."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import os
import socket
import sys
from typing import cast

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.connections import Connection, ConnectionLimits
from api.operations import log, preflight
from api.operations.folders import SERVERS
from api.operations.metrics import FOLDER_VARIABLE
from api.settings import Settings
from fpcore import starting
from fpcore.errors import FpError
from fpcore.own_folders import OwnFolder

STARTUP_FAILURE = 3
"""Exit code of a server that could not start, as uvicorn has it."""


def main() -> int:
    """Serve until a signal says to stop, answer the requests that have begun, and return."""
    argparse.ArgumentParser(
        prog="python -m api",
        description="Serve a database of songs over HTTP. Settings are environment variables:",
        epilog=Settings.described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    try:
        settings = Settings.from_environment()
        preflight.check(settings)
    except FpError as error:
        print(f"api: {error}", file=sys.stderr)
        return 2
    log.configure(settings.log_level)
    starting.as_ctrl_c()
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
        if settings.web_workers > 1:
            # Before the processes start: they share their counts through this folder.
            shared = stack.enter_context(contextlib.closing(OwnFolder(SERVERS)))
            os.environ.setdefault(FOLDER_VARIABLE, str(shared.path))
        return _served(settings)
    return 0  # told to stop before anything was served


def _served(settings: Settings) -> int:
    """Serve until a signal says to stop, and return the exit code."""
    limits = ConnectionLimits.of(settings)
    config = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        loop="asyncio",  # also where the package uvloop happens to be installed
        http=cast(type[asyncio.Protocol], functools.partial(Connection, limits=limits)),
        host=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_keep_alive=settings.keep_alive_s,  # type: ignore[arg-type]  # any time will do
        access_log=False,
        server_header=False,
        log_config=None,  # its lines are JSON, too
        timeout_graceful_shutdown=round(settings.worker_wall_s),
        timeout_worker_healthcheck=60,  # slow on a busy machine is not dead
    )
    if settings.web_workers > 1:
        listening = config.bind_socket()
        _announce(settings.host, listening)
        Multiprocess(config, sockets=[listening]).run()
        return 0
    server = _AnnouncedServer(config)
    with contextlib.suppress(KeyboardInterrupt):  # raised again when all is done
        server.run()
    return 0 if server.started else STARTUP_FAILURE


class _AnnouncedServer(uvicorn.Server):
    """Tells its address when it listens: only then is it known which port was free."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        _announce(self.config.host, self.servers[0].sockets[0])


def _announce(host: str, listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    print(f"Serving http://{shown}:{port} (what it answers: /docs)", flush=True)
