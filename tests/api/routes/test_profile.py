"""The configuration that is served."""

from __future__ import annotations

import httpx

from tests.api.server import Server


def test_the_served_profile_is_the_profile_file(client: httpx.Client, server: Server) -> None:
    profile = server.profile
    body = client.get("/profile").json()
    assert body.pop("digest") == profile.fingerprint.digest
    assert body == profile.model_dump(mode="json")
