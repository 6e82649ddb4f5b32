"""Log of the service: one JSON object a line on standard error, with the id of the request."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")
"""Id of the request that is being answered; "-" outside of any."""

_SERVERS_OWN = ("uvicorn", "uvicorn.error", "uvicorn.access")
"""Loggers to which uvicorn, started as a command, gives handlers of its own."""


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON; a traceback is a field of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a line break that a client sent is escaped in it."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id.get(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(level: str) -> None:
    """Send every record and every warning to standard error as JSON lines.

    ``level`` ("debug" to "critical") is that of the service itself; libraries log warnings and
    worse only, whatever the level.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    logging.captureWarnings(True)
    for name in _SERVERS_OWN:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    for name in ("api", "fpcore", *_SERVERS_OWN):
        logging.getLogger(name).setLevel(level.upper())
    # The service writes a line for each request itself.
    logging.getLogger("uvicorn.access").disabled = True
