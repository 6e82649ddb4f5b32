"""A recording becomes as long as it should, at the rate that it is told."""

from __future__ import annotations

import doctest
import io
import struct
import wave

import pytest

from clients.mobile import recording
from clients.mobile.recording import MARK, RATE_HZ, SILENT_DB, Take

SAMPLES = struct.pack("<4h", 16384, -16384, 16384, -16384)


def content_of(made: Take) -> tuple[int, int, bytes]:
    with wave.open(io.BytesIO(made.wav())) as read:
        assert (read.getnchannels(), read.getsampwidth()) == (1, 2)
        return read.getframerate(), read.getnframes(), read.readframes(read.getnframes())


def test_the_example_holds() -> None:
    assert doctest.testmod(recording).failed == 0


def test_what_comes_after_the_end_is_left_out() -> None:
    made = Take(duration_s=6 / RATE_HZ)
    made.add(SAMPLES)
    assert not made.is_whole
    made.add(SAMPLES)
    assert made.is_whole and made.so_far_s == pytest.approx(6 / RATE_HZ)
    assert content_of(made) == (RATE_HZ, 6, (SAMPLES * 2)[:12])


def test_a_browser_tells_its_own_rate_first() -> None:
    made = Take(duration_s=0.5)
    made.add(MARK + struct.pack("<I", 48_000))
    made.add(bytes(2 * 48_000))
    assert made.so_far_s == 0.5
    assert content_of(made)[:2] == (48_000, 24_000)


def test_samples_that_look_like_the_mark_are_samples() -> None:
    made = Take()
    made.add(MARK * 3)
    assert made.rate_hz == RATE_HZ
    assert content_of(made)[2] == MARK * 3


def test_levels_are_those_of_the_last_samples() -> None:
    made = Take()
    made.add(bytes(8))
    assert made.level_db == SILENT_DB and made.is_silent
    made.add(SAMPLES)
    assert made.level_db == pytest.approx(-6.02, abs=0.01) and not made.is_silent


def test_half_a_sample_at_the_end_is_left_out() -> None:
    made = Take()
    made.add(SAMPLES + b"\x01")
    assert content_of(made)[1] == 4
