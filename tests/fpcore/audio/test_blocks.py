"""Any file as blocks of mono samples at one rate: content, time, memory, and what is refused."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from fpcore import audio
from fpcore.errors import AudioError
from fpcore.records import Cut
from tests import audio_files
from tests.fpcore.audio.material import DAMAGED, Make, lag, one_bit, refusal, wav


@pytest.mark.parametrize("n_channels", [1, 2, 6])
@pytest.mark.parametrize("kind", audio_files.LOSSLESS)
def test_lossless_files_give_the_average_of_their_channels(
    make_audio: Make, kind: str, n_channels: int
) -> None:
    path = make_audio(kind, duration_s=0.7, n_channels=n_channels)

    signal = audio.load(path, sample_rate_hz=48_000)

    original = audio_files.noisy_tones(0.7, 48_000, n_channels=n_channels)
    assert signal.samples.shape == (33_600,)
    # Encoders round or truncate (one step), and some scale by 2**n - 1 (one step at full scale).
    np.testing.assert_allclose(signal.samples, original.mean(axis=1), atol=2 * one_bit(kind))


@pytest.mark.parametrize("kind", audio_files.LOSSY)
def test_lossy_files_keep_time_and_length(make_audio: Make, kind: str) -> None:
    signal = audio.load(make_audio(kind), sample_rate_hz=48_000)

    original = audio_files.noisy_tones(3.0, 48_000).mean(axis=1)
    assert len(signal.samples) == len(original)
    assert lag(original, signal.samples, at=5_000) == 0
    assert lag(original, signal.samples, at=120_000) == 0
    error = np.sum((signal.samples - original) ** 2) / np.sum(original**2)
    # The noise is a twentieth of the power, and codecs may spend no bits on it.
    assert error < 0.1


@pytest.mark.parametrize("kind", ["pcm24.wav", "pcm16.flac", *audio_files.LOSSY, "adts.aac"])
def test_the_content_does_not_depend_on_the_block_size(make_audio: Make, kind: str) -> None:
    path = make_audio(kind, duration_s=1.1)

    def whole(block_frames: int) -> tuple[int, NDArray[np.float32]]:
        blocks = list(audio.decode_blocks(path, sample_rate_hz=22_050, block_frames=block_frames))
        assert all(block.dtype == np.float32 and block.size for block in blocks)
        return len(blocks), np.concatenate(blocks)

    n_blocks, once = whole(10**6)
    assert len(once) >= 24_255
    for block_frames in (997, 4096, 16_384):
        n_more, pieces = whole(block_frames)
        assert n_more > n_blocks
        np.testing.assert_array_equal(pieces, once)


def test_a_block_stays_as_it_was_when_the_next_is_decoded(make_audio: Make) -> None:
    path = make_audio("float32.wav", duration_s=0.5, n_channels=1)
    blocks = audio.decode_blocks(path, sample_rate_hz=48_000, block_frames=1000)
    kept = [(block, block.copy()) for block in blocks]
    for block, copy in kept:
        np.testing.assert_array_equal(block, copy)


@pytest.mark.parametrize("kind", ["pcm16.wav", "lame.mp3", "aac.m4a", "opus.opus"])
def test_an_open_file_is_read_from_its_start_and_left_open(make_audio: Make, kind: str) -> None:
    path = make_audio(kind, duration_s=0.5)
    upload = io.BytesIO(path.read_bytes())
    upload.seek(100)

    signal = audio.load(upload, sample_rate_hz=22_050)

    assert not upload.closed
    expected = audio.load(path, sample_rate_hz=22_050).samples
    np.testing.assert_array_equal(signal.samples, expected)


def test_a_part_has_the_samples_that_the_whole_has_there(make_audio: Make) -> None:
    path = make_audio("vorbis.ogg")
    whole = audio.load(path, sample_rate_hz=22_050).samples

    part = audio.load(path, sample_rate_hz=22_050, start_s=1.25, duration_s=0.5)
    rest = audio.load(path, sample_rate_hz=22_050, start_s=2.5, duration_s=9.0)

    start = round(1.25 * 22_050)
    np.testing.assert_array_equal(part.samples, whole[start : start + 11_025])
    np.testing.assert_array_equal(rest.samples, whole[55_125:])


def test_a_part_that_starts_after_the_end(make_audio: Make) -> None:
    path = make_audio("pcm16.wav", duration_s=1.0)
    with pytest.raises(AudioError, match=r"ends at 1\.00 s, before the start 2\.00 s"):
        audio.load(path, sample_rate_hz=22_050, start_s=2.0)


def test_silence_and_a_constant_are_audio(tmp_path: Path) -> None:
    for level in (0.0, 0.5):
        samples = np.full((4_800, 2), level, np.float32)
        path = audio_files.write(tmp_path / "flat.wav", samples, 48_000, kind="float32.wav")
        np.testing.assert_array_equal(
            audio.load(path, sample_rate_hz=48_000).samples, np.full(4_800, level, np.float32)
        )


def test_when_one_decoder_stumbles_the_other_goes_on_where_it_stood(
    make_audio: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_audio("pcm16.flac", duration_s=2.0)
    expected = audio.load(path, sample_rate_hz=22_050).samples
    n_read = []
    read = soundfile.SoundFile.read

    def stumbling(self: soundfile.SoundFile, **kwargs: object) -> Any:
        n_read.append(1)
        if len(n_read) > 3:
            raise soundfile.LibsndfileError(1)
        return read(self, **kwargs)

    monkeypatch.setattr(soundfile.SoundFile, "read", stumbling)
    blocks = audio.decode_blocks(path, sample_rate_hz=22_050, block_frames=7_000)
    np.testing.assert_array_equal(np.concatenate(list(blocks)), expected)
    assert len(n_read) == 4


class CountingFile(io.BytesIO):
    """Bytes that count how many of them were read."""

    n_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.n_read += len(content)
        return content


@pytest.mark.parametrize("kind", ["pcm16.wav", "pcm16.flac"])
def test_blocks_come_while_most_of_the_file_is_unread(make_audio: Make, kind: str) -> None:
    content = make_audio(kind, duration_s=20.0).read_bytes()
    file = CountingFile(content)
    blocks = audio.decode_blocks(file, sample_rate_hz=22_050)
    assert next(blocks).size
    assert 0 < file.n_read < len(content) / 4
    blocks.close()


def test_memory_stays_at_a_few_blocks_however_long_the_audio() -> None:
    an_hour = io.BytesIO(audio_files.silent_flac(3600.0))

    def peak_bytes(blocks: Iterator[NDArray[np.float32]]) -> tuple[int, int]:
        n_samples = 0
        tracemalloc.start()
        for block in blocks:
            n_samples += len(block)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return n_samples, peak

    n_samples, peak = peak_bytes(audio.decode_blocks(an_hour, sample_rate_hz=8_000))
    assert n_samples > 3500 * 8_000
    assert peak < n_samples * 4 / 40


@pytest.mark.parametrize("kind", ["pcm16.wav", "float32.wav", "pcm16.aiff"])
def test_a_header_without_samples(tmp_path: Path, kind: str) -> None:
    path = audio_files.write(tmp_path / kind, np.empty((0, 2), np.float32), 44_100, kind=kind)
    assert path.stat().st_size > 40
    assert refusal(path).endswith("holds no audio samples")


def test_a_flac_header_without_frames() -> None:
    assert refusal(io.BytesIO(audio_files.silent_flac(0))).endswith("holds no audio samples")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["float32.wav", "float64.wav"])
def test_samples_that_are_not_finite(tmp_path: Path, kind: str, bad: float) -> None:
    samples = audio_files.noisy_tones(2.0, 44_100)
    samples[70_000, 1] = bad
    path = audio_files.write(tmp_path / kind, samples, 44_100, kind=kind)
    assert refusal(path).endswith("holds samples that are not finite numbers after 1.49 s")


@pytest.mark.parametrize("kind", ["float32.wav", "float64.wav"])
def test_samples_whose_square_would_overflow(tmp_path: Path, kind: str) -> None:
    samples = audio_files.noisy_tones(0.5, 44_100)
    samples[100] = -3e38
    path = audio_files.write(tmp_path / kind, samples, 44_100, kind=kind)
    # Two such channels would add up to an infinity.
    assert "holds samples that are louder than" in refusal(path)
    samples[100, 1] = 0
    path = audio_files.write(tmp_path / kind, samples, 44_100, kind=kind)
    assert "holds samples that are louder than 1e+09 × full scale" in refusal(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
@pytest.mark.parametrize("kind", ["pcm16.flac", "pcm24.flac"])
def test_a_cut_flac_says_where_it_ends(make_audio: Make, kind: str, share: float) -> None:
    path = make_audio(kind, duration_s=4.0)
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])

    sentence = refusal(path)

    words = sentence.split()
    ends_s, of_s = (float(words[words.index(word) + 1]) for word in ("after", "of"))
    assert of_s == 4.0
    # The noise makes all parts equally long; a frame of FLAC is at most 0.1 s here.
    assert ends_s == pytest.approx(4.0 * share, abs=0.15)
    assert sentence.endswith("use a complete copy")


def with_burst(content: bytes, *, at: float) -> bytes:
    """Return ``content`` with 2,000 random bytes, some frames, at a share ``at`` of its length."""
    start = round(len(content) * at)
    burst = np.random.default_rng(7).bytes(2000)
    return content[:start] + burst + content[start + len(burst) :]


@pytest.mark.parametrize(
    "kind",
    [*audio_files.LOSSY, "untagged.mp3", "adts.aac", "pcm16.flac", "pcm24.flac"],
)
@pytest.mark.parametrize("at", [0.3, 0.5, 0.7])
def test_damage_in_the_middle(make_audio: Make, kind: str, at: float) -> None:
    path = make_audio(kind, duration_s=4.0)
    path.write_bytes(with_burst(path.read_bytes(), at=at))
    with pytest.raises(AudioError, match=DAMAGED):
        audio.load(path, sample_rate_hz=22_050)


def test_more_channels_than_any_decoder_takes() -> None:
    content = wav(30_000, 44_100, bytes(120_000))
    with pytest.raises(AudioError, match=DAMAGED):
        audio.load(io.BytesIO(content), sample_rate_hz=22_050)


def test_a_given_name_stands_in_the_sentence() -> None:
    assert refusal(io.BytesIO(b"text"), name="song.mp3").startswith("song.mp3: is not audio")
    assert refusal(io.BytesIO(b"text"), name="a\r\nb").startswith("a\ufffd\ufffdb: is not audio")


@pytest.mark.parametrize(("start_s", "duration_s"), [(-1.0, None), (0.0, -1.0)])
def test_a_part_has_no_negative_place_or_length(start_s: float, duration_s: float | None) -> None:
    with pytest.raises(ValueError, match=r"must be >= 0, got .*-1\.0"):
        audio.load(io.BytesIO(), sample_rate_hz=22_050, start_s=start_s, duration_s=duration_s)


def test_a_block_has_at_least_one_frame() -> None:
    with pytest.raises(ValueError, match="block_frames must be at least 1, got 0"):
        next(audio.decode_blocks(io.BytesIO(), sample_rate_hz=22_050, block_frames=0))


# What there is of a cut file


CUT_KINDS = sorted({*audio_files.EVERY_KIND} - {"untagged.mp3", "adts.aac", "aac.m4a", "alac.m4a"})
"""All but the two that state no length, and the two whose index stands at their end."""


@pytest.mark.parametrize("kind", CUT_KINDS)
def test_what_there_is_of_a_cut_file_is_the_beginning_of_the_whole(
    make_audio: Make, kind: str
) -> None:
    content = make_audio(kind, duration_s=9.0).read_bytes()
    whole = audio.load(io.BytesIO(content), sample_rate_hz=22_050).samples
    half = io.BytesIO(content[: len(content) // 2])
    cuts: list[Cut] = []
    samples = audio.load(half, sample_rate_hz=22_050, on_cut=cuts.append).samples
    [cut] = cuts
    assert len(samples) == round(cut.decoded_s * 22_050)
    assert 3.5 < cut.decoded_s < 5.5
    assert cut.stated_s is None or cut.stated_s == pytest.approx(9.0, abs=0.1)
    # The resampling filter reaches ahead, where there is nothing.
    n = len(samples) - 1_500
    np.testing.assert_allclose(samples[:n], whole[:n], atol=1e-5)


@pytest.mark.parametrize("kind", sorted(audio_files.EVERY_KIND))
def test_nothing_is_told_of_a_whole_file(make_audio: Make, kind: str) -> None:
    cuts: list[Cut] = []
    path = make_audio(kind)
    signal = audio.load(path, sample_rate_hz=22_050, on_cut=cuts.append)
    assert cuts == []
    np.testing.assert_array_equal(signal.samples, audio.load(path, sample_rate_hz=22_050).samples)


def test_what_comes_after_damage_is_there_at_its_place(make_audio: Make) -> None:
    content = bytearray(make_audio("pcm16.flac", duration_s=9.0).read_bytes())
    whole = audio.load(io.BytesIO(content), sample_rate_hz=22_050).samples
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    cuts: list[Cut] = []
    signal = audio.load(io.BytesIO(content), sample_rate_hz=22_050, on_cut=cuts.append)
    assert [(cut.kind, cut.stated_s) for cut in cuts] == [("damaged", 9.0)]
    assert 3.5 < cuts[0].decoded_s < 5.5
    assert str(cuts[0]).startswith(f"damaged after {cuts[0].decoded_s:.1f} of 9.0 s: ")
    assert len(signal.samples) == len(whole)
    np.testing.assert_allclose(signal.samples[-60_000:], whole[-60_000:], atol=1e-4)


def test_a_part_before_the_cut_is_a_part_of_a_whole_file(make_audio: Make) -> None:
    content = make_audio("pcm16.wav", duration_s=4.0).read_bytes()
    cuts: list[Cut] = []
    half = io.BytesIO(content[: len(content) // 2])
    audio.load(half, sample_rate_hz=22_050, duration_s=1.0, on_cut=cuts.append)
    assert cuts == []


@pytest.mark.parametrize("content", [b"", b"text and no audio", b"fLaC", b"RIFF\0\0\0\0WAVEfmt "])
def test_what_gives_no_sound_is_refused_though_what_there_is_was_asked_for(content: bytes) -> None:
    with pytest.raises(AudioError):
        audio.load(io.BytesIO(content), sample_rate_hz=22_050, on_cut=[].append)
