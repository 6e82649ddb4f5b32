"""Dependencies that routes share: the service, the right to write, the id of a song."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from api.security import require_writer
from api.service import Service

MAX_ID = 2**63 - 1


def service_of(request: Request) -> Service:
    """Return the service that answers the requests of this server process."""
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(service_of)]
WRITER = Depends(require_writer)
"""For routes that change the index."""
SongId = Annotated[int, Path(ge=1, le=MAX_ID, description="Id of a song", examples=[7])]
