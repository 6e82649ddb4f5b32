"""Whether the process is alive, and whether it is ready."""

from __future__ import annotations

import shutil

import httpx

from api.service import Service
from tests.api.conftest import asked_in_process
from tests.api.material import assert_refused


def test_health_and_readiness(client: httpx.Client) -> None:
    for path in ("/healthz", "/readyz"):
        response = client.get(path)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_service_whose_folder_was_removed_is_alive_and_not_ready(idle_service: Service) -> None:
    shutil.rmtree(idle_service.inbox.path)
    ready = asked_in_process(idle_service, "GET", "/readyz")
    assert "restart the server" in assert_refused(ready, 503, "no_inbox")
    assert asked_in_process(idle_service, "GET", "/healthz").status_code == 200


def test_a_service_without_a_decoder_is_not_ready(idle_service: Service) -> None:
    ready = asked_in_process(idle_service, "GET", "/readyz")
    assert "try again" in assert_refused(ready, 503, "no_decoder")
    assert int(ready.headers["retry-after"]) >= 1
