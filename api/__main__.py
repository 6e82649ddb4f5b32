"""Command ``python -m api``: the service with the settings of the environment.

It exits with 0 after it was told to stop, with 130 when it was still loading then, with 2 when a
setting or package is wrong or missing, and with `api.server.STARTUP_FAILURE` when the server could
not start.
"""

from __future__ import annotations

if __name__ == "__main__":
    from fpcore import starting

    starting.end_quietly()

import sys

from fpcore.errors import MissingExtraError
from fpcore.extras import needing

EXIT_WRONG_USE = 2


def main() -> int:
    """Serve, or tell which package that needs is not installed; return the exit code."""
    try:
        with needing("service"):
            from api import server
    except MissingExtraError as error:
        print(f"api: {error}", file=sys.stderr)
        return EXIT_WRONG_USE
    return server.main()


if __name__ == "__main__":
    sys.exit(main())
