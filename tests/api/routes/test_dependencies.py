"""What routes share: which ids of songs there may be."""

from __future__ import annotations

import httpx
import pytest

from tests.api.material import assert_refused


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("song_id", ["0", "-1", "1.5", "one", str(2**63), "9" * 40])
def test_an_id_that_no_index_can_hold_is_refused(
    method: str, song_id: str, client: httpx.Client
) -> None:
    refused = client.request(method, f"/songs/{song_id}")
    assert assert_refused(refused, 400, "invalid_request").startswith("song_id: ")


def test_the_largest_id_is_looked_for(client: httpx.Client) -> None:
    assert_refused(client.get(f"/songs/{2**63 - 1}"), 404, "unknown_song")
