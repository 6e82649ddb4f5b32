"""Headers of AU files: what they state, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.audio.au import AuHeader, au_header
from tests.audio_files import by_libsndfile, noisy_tones


@pytest.mark.parametrize(("encoding", "width"), [("PCM_16", 2), ("ULAW", 1), ("DOUBLE", 8)])
def test_a_header_states_start_size_and_rate(tmp_path: Path, encoding: str, width: int) -> None:
    by_libsndfile("AU", encoding)(tmp_path / "a.au", noisy_tones(0.5, 8000), 8000)
    content = (tmp_path / "a.au").read_bytes()
    header = au_header(content[:24])
    assert header == AuHeader(24, len(content) - 24, 8000 * 2 * width)


@pytest.mark.parametrize("size", [0, 0x7FFF_0000, 0xFFFF_FFFF])
def test_a_size_of_a_stream_is_none(size: int) -> None:
    assert au_header(header(size=size)) == AuHeader(24, None, 16_000)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF" + bytes(20),
        b".snd" + bytes(19),
        b".snd" + bytes(20),
        b".snd" + b"\xff" * 20,
    ],
)
def test_other_bytes_are_no_header(head: bytes) -> None:
    assert au_header(head) is None


@pytest.mark.parametrize(
    "wrong",
    [{"start": 23}, {"encoding": 0}, {"encoding": 28}, {"rate_hz": 1_000_000}, {"n_channels": 0}],
)
def test_a_header_with_an_absurd_number_is_none(wrong: dict[str, int]) -> None:
    assert au_header(header(**wrong)) is None


def header(
    *, start: int = 24, size: int = 9, encoding: int = 3, rate_hz: int = 8000, n_channels: int = 1
) -> bytes:
    numbers = (start, size, encoding, rate_hz, n_channels)
    return b".snd" + b"".join(number.to_bytes(4) for number in numbers)
