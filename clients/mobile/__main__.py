"""Command ``fpmobile``: the mobile client in a browser of this machine."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

PORT = 8550
HERE = "127.0.0.1"


def main() -> int:
    """Serve the page until a signal says to stop; return the exit code."""
    arguments = _parser().parse_args()
    try:
        import uvicorn

        from clients.mobile.session import PhoneSession
        from clients.mobile.web import Web
    except ImportError as error:
        print(f'fpmobile: {error}: pip install "fpworkbench[mobile]"', file=sys.stderr)
        return 2
    from clients.storage import data_folder

    folder = arguments.folder or data_folder("fpmobile")

    async def session_of(page: object) -> PhoneSession:
        return PhoneSession(folder)

    if arguments.server is not None:
        asyncio.run(PhoneSession(folder).choose(address=arguments.server))

    class Announced(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup()
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"Open http://{HERE}:{port}/ in a browser", flush=True)

    config = uvicorn.Config(
        Web(session_of, hosts=frozenset({HERE, "localhost"})),
        host=HERE,
        port=arguments.port,
        log_level="warning",
        lifespan="off",
        loop="asyncio",
        timeout_graceful_shutdown=2,
    )
    server = Announced(config)
    server.run()
    return 0 if server.started else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fpmobile", description="Show the mobile client in a browser of this machine."
    )
    parser.add_argument("--server", metavar="ADDRESS", help="such as http://127.0.0.1:8000")
    parser.add_argument("--port", type=int, default=PORT, help="of the page; 0 takes a free one")
    parser.add_argument("--folder", type=Path, help="where settings, history and recordings lie")
    return parser


if __name__ == "__main__":
    sys.exit(main())
