"""Where the samples of a WAV are, and what its header states of them."""

from __future__ import annotations

import io

import pytest

from fpcore.audio.chunks import find_samples
from tests.fpcore.audio.material import wav


def test_the_samples_stand_behind_the_chunks_before_them() -> None:
    content = wav(1, 1000, bytes(4000))
    longer = content[:36] + b"note\x03\0\0\0abc\0" + content[36:]
    found = find_samples(io.BytesIO(longer), name=b"data", order="little")
    assert found == (56, 4000, 2000)
    assert found is not None
    assert (found.end, found.seconds(4000), found.is_stated) == (4056, 2.0, True)
    assert find_samples(io.BytesIO(longer[:50]), name=b"data", order="little") is None


@pytest.mark.parametrize("size", [0, 2_000_000_000, 0x7FFF_F000 - 36, 0xFFFF_FFFF])
def test_a_placeholder_states_nothing(size: int) -> None:
    content = wav(1, 1000, b"")[:-4] + size.to_bytes(4, "little")
    found = find_samples(io.BytesIO(content), name=b"data", order="little")
    assert found is not None
    assert not found.is_stated
