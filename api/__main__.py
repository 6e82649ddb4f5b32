"""``python -m api``: the service with the settings of the environment."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys

import uvicorn

from api import journal, preflight
from api.folders import OwnFolder
from api.metrics import FOLDER_VARIABLE
from api.settings import Settings
from fpcore.errors import FpError


def main() -> int:
    """Serve until a signal says to stop, and finish what is in flight."""
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
    journal.configure(settings.log_level)
    print(f"Serving http://{settings.host}:{settings.port} (what it answers: /docs)", flush=True)
    with contextlib.ExitStack() as stack:
        if settings.web_workers > 1:
            # Before the processes start: they share their counts through this folder.
            shared = stack.enter_context(contextlib.closing(OwnFolder()))
            os.environ.setdefault(FOLDER_VARIABLE, str(shared.path))
        uvicorn.run(
            "api.app:create_app",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.web_workers,
            access_log=False,
            server_header=False,
            log_config=None,  # its lines are JSON, too
            timeout_graceful_shutdown=round(settings.worker_wall_s),
            timeout_worker_healthcheck=60,  # slow on a busy machine is not dead
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
