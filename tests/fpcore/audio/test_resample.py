"""Another sample rate, block by block, as if in one go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from fpcore import audio
from fpcore.audio.resample import resample
from tests import audio_files
from tests.fpcore.audio.material import Make


@pytest.mark.parametrize("sample_rate_hz", [8_000, 11_025, 22_050, 37_800, 44_100, 96_000, 192_000])
def test_a_click_stays_at_its_time_whatever_the_rate(tmp_path: Path, sample_rate_hz: int) -> None:
    samples = np.zeros((2 * sample_rate_hz, 1), np.float32)
    position = round(1.5 * sample_rate_hz)
    samples[position] = 0.9
    path = audio_files.write(tmp_path / "click.wav", samples, sample_rate_hz, kind="pcm16.wav")

    signal = audio.load(path, sample_rate_hz=22_050)

    assert len(signal.samples) == round(2.0 * 22_050)
    click_s = np.argmax(np.abs(signal.samples)) / 22_050
    assert click_s == pytest.approx(position / sample_rate_hz, abs=0.501 / 22_050)


@pytest.mark.parametrize(("resampler", "quality"), [("soxr_hq", "HQ"), ("soxr_vhq", "VHQ")])
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_streaming_equals_resampling_the_whole_at_once(
    make_audio: Make, rate_hz: int, resampler: audio.ResamplerName, quality: str
) -> None:
    path = make_audio("float32.wav", duration_s=2.3, sample_rate_hz=rate_hz)

    signal = audio.load(path, sample_rate_hz=22_050, resampler=resampler)

    stored, _ = soundfile.read(path, dtype="float32", always_2d=True)
    mono = (stored[:, 0] + stored[:, 1]) * np.float32(0.5)
    np.testing.assert_array_equal(
        signal.samples, soxr.resample(mono, rate_hz, 22_050, quality=quality)
    )


def test_the_two_resamplers_differ(make_audio: Make) -> None:
    path = make_audio("float32.wav", duration_s=0.5)
    hq = audio.load(path, sample_rate_hz=22_050, resampler="soxr_hq")
    vhq = audio.load(path, sample_rate_hz=22_050, resampler="soxr_vhq")
    assert not np.array_equal(hq.samples, vhq.samples)


def resampled(blocks: list[NDArray[np.float32]], from_hz: int, to_hz: int) -> list[int]:
    """Return the lengths of the blocks at another rate."""
    found = resample(blocks, from_hz=from_hz, to_hz=to_hz, resampler="soxr_hq")
    return [len(block) for block in found]


@pytest.mark.parametrize(
    ("n", "from_hz", "to_hz"), [(3, 44_100, 22_050), (7, 8_000, 22_050), (4801, 48_000, 11_025)]
)
def test_as_many_samples_come_out_as_the_ratio_says(n: int, from_hz: int, to_hz: int) -> None:
    assert sum(resampled([np.ones(n, np.float32)], from_hz, to_hz)) == round(n * to_hz / from_hz)


@pytest.mark.parametrize("to_hz", [8_000, 22_050])
def test_no_block_that_comes_out_is_empty(to_hz: int) -> None:
    nothing, one = np.empty(0, np.float32), np.ones(1, np.float32)
    assert resampled([nothing, nothing], 8_000, to_hz) == []
    assert all(resampled([nothing, *[one] * 500, nothing], 8_000, to_hz))


def test_at_the_same_rate_the_blocks_are_passed_on_as_they_are() -> None:
    blocks = [np.arange(n, dtype=np.float32) for n in (5, 0, 3)]
    found = list(resample(blocks, from_hz=22_050, to_hz=22_050, resampler="soxr_hq"))
    assert found[0] is blocks[0]
    assert found[1] is blocks[2]
    assert len(found) == 2
