"""Both clients of the REST service, to ask one server with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import KEY
from tests.api.server import Server
from tests.clients.rest.asking import BOTH, Asking, Opened


@pytest.fixture(params=sorted(BOTH))
def opened(request: pytest.FixtureRequest) -> Opened:
    """What opens a client: once `Client`, once `AsyncClient`."""
    return BOTH[request.param]


@pytest.fixture
def client(server: Server, opened: Opened) -> Iterator[Asking]:
    """A client of the server that has its key."""
    with opened(server.url, key=KEY) as client:
        yield client
