"""What loads the compiled code: noise through all of the pipeline."""

from __future__ import annotations

import pytest

from api.decoding.warmup import noise_query
from fpcore.profiles import load_profile


@pytest.mark.parametrize("name", ["seed", "balanced"])
def test_noise_gives_hashes_under_any_profile_and_always_the_same(name: str) -> None:
    profile = load_profile(name)
    first, again = (noise_query(profile.fingerprint, profile.query) for _ in range(2))
    assert first.duration_s == pytest.approx(2.0, abs=0.01)
    assert len(first.hashes) > 100
    assert first.hashes.token.tolist() == again.hashes.token.tolist()
