"""Processor time of decoding: bounded by the sound that comes of it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest

from fpcore import audio
from fpcore.audio.decoding import DecodedBlock
from fpcore.audio.effort import AudioTooSlowError, Effort
from fpcore.errors import AudioError
from fpcore.records import Cut
from tests import audio_files
from tests.fpcore.audio.material import Make

IMPATIENT = audio.AudioLimits(max_cpu_s=1e-9, max_cpu_share=1e-9)


def blocks(n: int) -> Iterator[DecodedBlock]:
    for _ in range(n):
        yield DecodedBlock(np.zeros((1, 8_000), np.float32), 8_000)


def test_blocks_are_passed_on_as_they_are() -> None:
    assert len(list(Effort(audio.AudioLimits()).measured(blocks(3)))) == 3


def test_sound_that_was_decoded_allows_more_time() -> None:
    effort = Effort(audio.AudioLimits(max_cpu_s=1e-9, max_cpu_share=100.0))
    measured = effort.measured(blocks(1))
    next(measured)
    effort.check()
    with pytest.raises(AudioTooSlowError, match="takes too long to decode"):
        Effort(IMPATIENT).check()


@pytest.mark.parametrize("kind", ["lame.mp3", "opus.webm"])
def test_a_file_that_takes_too_long_before_any_sound_is_refused(
    make_audio: Make, kind: str
) -> None:
    path = make_audio(kind, duration_s=1.0)
    told: list[Cut] = []
    with pytest.raises(AudioError, match=r"takes too long to decode, .* use another copy$"):
        audio.load(path, sample_rate_hz=8_000, limits=IMPATIENT, on_cut=told.append)
    assert told == []


def test_sound_that_came_before_is_used_and_told() -> None:
    told: list[Cut] = []
    path = io.BytesIO(audio_files.silent_flac(100.0))
    signal = audio.load(path, sample_rate_hz=8_000, limits=IMPATIENT, on_cut=told.append)
    assert 0 < signal.duration_s < 100
    assert [cut.kind for cut in told] == ["cut off"]
