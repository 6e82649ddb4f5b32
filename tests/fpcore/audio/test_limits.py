"""Bounds on duration, sample rate, channels and level."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fpcore import audio
from fpcore.audio.limits import AudioRefusedError
from fpcore.errors import AudioError, ConfigError
from tests import audio_files
from tests.fpcore.audio.material import Make, refusal, wav


def test_ten_hours_in_72_kilobytes_are_refused_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.flac"
    path.write_bytes(audio_files.silent_flac(10 * 3600.0))
    assert path.stat().st_size < 72_000

    sentence = refusal(path, sample_rate_hz=8_000)

    assert sentence.endswith("lasts longer than 4 h, the limit for one file: split it")


def test_decoding_stops_within_a_block_of_the_limit(tmp_path: Path) -> None:
    bomb = io.BytesIO(audio_files.silent_flac(3600.0))
    decoded_s = 0.0
    limits = audio.AudioLimits(max_duration_s=60.0)
    with pytest.raises(AudioError, match="uploaded audio: lasts longer than 1 min"):
        for block in audio.decode_blocks(bomb, sample_rate_hz=8_000, limits=limits):
            decoded_s += len(block) / 8_000
    assert 50 < decoded_s < 60.001


def test_audio_of_exactly_the_limit_is_accepted(make_audio: Make) -> None:
    path = make_audio("pcm16.wav", duration_s=1.0)
    limits = audio.AudioLimits(max_duration_s=1.0)
    assert audio.load(path, sample_rate_hz=22_050, limits=limits).duration_s == 1.0


@pytest.mark.parametrize("sample_rate_hz", [1, 999, 10_000_000, 2**31 - 1])
def test_absurd_sample_rates(tmp_path: Path, sample_rate_hz: int) -> None:
    path = tmp_path / "odd.wav"
    path.write_bytes(wav(1, sample_rate_hz, bytes(2000)))
    assert f"has a sample rate of {sample_rate_hz} Hz, outside the accepted 1000" in refusal(path)


@pytest.mark.parametrize("n_channels", [33, 1000])
def test_absurd_numbers_of_channels(tmp_path: Path, n_channels: int) -> None:
    path = tmp_path / "wide.wav"
    path.write_bytes(wav(n_channels, 44_100, bytes(4 * n_channels)))
    assert f"has {n_channels} channels, of which 1 to 32 are accepted" in refusal(path)


@pytest.mark.parametrize("field", ["max_duration_s", "max_channels", "max_level"])
def test_limits_must_be_positive(field: str) -> None:
    with pytest.raises(ConfigError, match=f"{field} must be above 0, got 0"):
        audio.AudioLimits(**{field: 0})


def test_the_lowest_sample_rate_may_not_lie_above_the_highest() -> None:
    with pytest.raises(ConfigError, match="must not be below min_sample_rate_hz, got 900 < 1000"):
        audio.AudioLimits(max_sample_rate_hz=900)


@pytest.mark.parametrize("sample_rate_hz", [1_000, 768_000])
@pytest.mark.parametrize("n_channels", [1, 32])
def test_layouts_at_the_bounds_are_accepted(sample_rate_hz: int, n_channels: int) -> None:
    audio.AudioLimits().check_layout(sample_rate_hz, n_channels)


@pytest.mark.parametrize(
    ("sample_rate_hz", "n_channels"), [(999, 1), (768_001, 1), (44_100, 0), (44_100, 33)]
)
def test_layouts_beyond_the_bounds_are_refused(sample_rate_hz: int, n_channels: int) -> None:
    with pytest.raises(AudioRefusedError, match=r"accepted$|accepted 1000 to 768000 Hz$"):
        audio.AudioLimits().check_layout(sample_rate_hz, n_channels)


@pytest.mark.parametrize(
    ("max_duration_s", "text"), [(5400.0, "1.5 h"), (90.0, "1.5 min"), (12.5, "12.5 s")]
)
def test_a_limit_is_told_in_its_largest_unit(max_duration_s: float, text: str) -> None:
    limits = audio.AudioLimits(max_duration_s=max_duration_s)
    limits.check_duration(max_duration_s)
    with pytest.raises(AudioRefusedError, match=f"^lasts longer than {text}, the limit"):
        limits.check_duration(max_duration_s + 0.01)
