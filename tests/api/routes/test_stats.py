"""The size and the health of the index."""

from __future__ import annotations

import httpx
import pytest

from tests.api import material
from tests.api.material import learn, song
from tests.api.server import Server


def test_stats_tell_size_health_and_where_the_profile_comes_from(
    client: httpx.Client, server: Server
) -> None:
    learned = learn(client, song(1), "First").json()
    body = client.get("/stats", params={"check": "true"}).json()
    assert body["songs"] == 1
    assert body["postings"] == learned["fingerprints"]
    assert body["duration_s"] == pytest.approx(material.SONG_S)
    assert body["file_bytes"] >= body["lookup_bytes"] > 0
    assert (body["health"]["ok"], body["health"]["problems"]) == (True, [])
    profile = server.profile
    assert body["profile"] == {
        "name": profile.name,
        "digest": profile.fingerprint.digest,
        "description": profile.description,
        "threshold": profile.decision.threshold,
        "calibration": profile.decision.calibration,
        "provenance": profile.provenance,
    }
