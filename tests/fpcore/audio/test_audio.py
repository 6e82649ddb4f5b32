"""What decoding gives: content, alignment, length, independence of blocks, memory."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from fpcore import audio
from fpcore.audio import pyav_decoder, soundfile_decoder
from tests import audio_files

Make = Callable[..., Path]

ONE_BIT = {"pcm8.wav": 2.0**-7, "pcm16": 2.0**-15, "pcm24": 2.0**-23, "alac.m4a": 2.0**-15}
BOTH_READ = [kind for kind in audio_files.LOSSLESS if kind != "alac.m4a"]


def one_bit(kind: str) -> float:
    """Return the quantisation step of a lossless kind; of 32 bits, that of float32 near 1."""
    steps = [step for prefix, step in ONE_BIT.items() if kind.startswith(prefix)]
    return 2.0**-23 if kind == "extensible24.wav" else (steps or [2.0**-23])[0]


def decoded(decoder: ModuleType, path: Path) -> NDArray[np.float32]:
    """Return all samples that one of the decoders gives at the file's own rate."""
    with path.open("rb") as file:
        blocks = decoder.decode(file, limits=audio.AudioLimits(), block_frames=5000)
        return np.concatenate([block.samples for block in blocks])


def lag(reference: NDArray[np.float32], samples: NDArray[np.float32], *, at: int) -> int:
    """Return by how many samples ``samples`` come later than ``reference`` around ``at``."""
    reach, length = 3000, 12_000
    pattern = reference[at : at + length]
    window = samples[at - reach : at + length + reach]
    energy = np.correlate(window**2, np.ones(length, np.float32), "valid")
    return int(np.argmax(np.correlate(window, pattern, "valid") / np.sqrt(energy))) - reach


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


@pytest.mark.parametrize("kind", BOTH_READ)
def test_both_decoders_give_the_same_bits_for_lossless_files(make_audio: Make, kind: str) -> None:
    path = make_audio(kind, duration_s=0.7)
    by_soundfile = decoded(soundfile_decoder, path)
    assert by_soundfile.any()
    np.testing.assert_array_equal(by_soundfile, decoded(pyav_decoder, path))


@pytest.mark.parametrize("kind", ["vorbis.ogg", "opus.opus"])
def test_both_decoders_agree_on_ogg_to_float_rounding(make_audio: Make, kind: str) -> None:
    path = make_audio(kind)
    # The same arithmetic in another order: a few units in the last place of float32 near 1.
    np.testing.assert_allclose(
        decoded(soundfile_decoder, path), decoded(pyav_decoder, path), rtol=0, atol=2e-6
    )


def test_audio_before_the_start_of_an_ogg_stream_is_dropped(make_audio: Make) -> None:
    path = make_audio("vorbis.ogg", duration_s=1.0)
    whole = audio.load(path, sample_rate_hz=48_000).samples
    assert audio_files.shift_granules(path.read_bytes(), 0) == path.read_bytes()
    path.write_bytes(audio_files.shift_granules(path.read_bytes(), 100))
    # libsndfile drops as many samples, but at the end of the first page.
    np.testing.assert_array_equal(audio.load(path, sample_rate_hz=48_000).samples, whole[100:])


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


@pytest.mark.parametrize("kind", audio_files.DELAYED)
def test_a_delay_that_no_header_states_stays_under_two_frames(make_audio: Make, kind: str) -> None:
    signal = audio.load(make_audio(kind), sample_rate_hz=48_000)
    original = audio_files.noisy_tones(3.0, 48_000).mean(axis=1)
    assert 0 < lag(original, signal.samples, at=5_000) <= 2 * 1152


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


@pytest.mark.parametrize("kind", audio_files.EVERY_KIND)
def test_bytes_decide_what_a_file_is_not_its_name(make_audio: Make, kind: str) -> None:
    path = make_audio(kind, duration_s=0.5)
    expected = audio.load(path, sample_rate_hz=22_050).samples
    renamed = path.rename(path.with_name("sound.txt"))
    np.testing.assert_array_equal(audio.load(renamed, sample_rate_hz=22_050).samples, expected)


def test_a_part_has_the_samples_that_the_whole_has_there(make_audio: Make) -> None:
    path = make_audio("vorbis.ogg")
    whole = audio.load(path, sample_rate_hz=22_050).samples

    part = audio.load(path, sample_rate_hz=22_050, start_s=1.25, duration_s=0.5)
    rest = audio.load(path, sample_rate_hz=22_050, start_s=2.5, duration_s=9.0)

    start = round(1.25 * 22_050)
    np.testing.assert_array_equal(part.samples, whole[start : start + 11_025])
    np.testing.assert_array_equal(rest.samples, whole[55_125:])


def test_silence_and_a_constant_are_audio(tmp_path: Path) -> None:
    for level in (0.0, 0.5):
        samples = np.full((4_800, 2), level, np.float32)
        path = audio_files.write(tmp_path / "flat.wav", samples, 48_000, kind="float32.wav")
        np.testing.assert_array_equal(
            audio.load(path, sample_rate_hz=48_000).samples, np.full(4_800, level, np.float32)
        )


def test_chained_ogg_streams_are_decoded_to_the_last(make_audio: Make) -> None:
    link = make_audio("opus.opus", duration_s=1.0).read_bytes()
    signal = audio.load(io.BytesIO(link + link), sample_rate_hz=48_000)
    assert signal.duration_s == pytest.approx(2.0, abs=0.02)


def test_an_mp3_may_end_with_tags_and_padding(make_audio: Make) -> None:
    content = make_audio("lame.mp3", duration_s=1.0).read_bytes()
    expected = audio.load(io.BytesIO(content), sample_rate_hz=22_050).samples
    lyrics = b"LYRICSBEGIN" + b"la la la " * 100 + b"000911LYRICS200"
    for trailer in (b"TAG" + bytes(125), bytes(5000), lyrics):
        longer = audio.load(io.BytesIO(content + trailer), sample_rate_hz=22_050).samples
        # With a long trailer FFmpeg no longer trims the encoder's padding: under two frames.
        assert len(expected) <= len(longer) < len(expected) + 2 * 1152
        # The resampling filter reaches ahead, into the padding.
        np.testing.assert_array_equal(longer[:21_000], expected[:21_000])


@pytest.mark.parametrize("kind", ["lame.mp3", "untagged.mp3"])
def test_joined_mp3_files_are_decoded_to_the_last(make_audio: Make, kind: str) -> None:
    content = make_audio(kind, duration_s=1.0).read_bytes()
    assert content.startswith(b"ID3")
    once = audio.load(io.BytesIO(content), sample_rate_hz=22_050).duration_s
    joined = audio.load(io.BytesIO(content * 3), sample_rate_hz=22_050).duration_s
    # At each seam the frame behind the tag may be lost, and padding is not trimmed.
    assert joined == pytest.approx(3 * once, abs=0.1)


def test_a_streamed_wav_without_a_length_is_read_to_its_end(make_audio: Make) -> None:
    content = bytearray(make_audio("pcm16.wav", duration_s=0.5).read_bytes())
    expected = audio.load(io.BytesIO(content), sample_rate_hz=48_000).samples
    assert content[36:40] == b"data"
    for unknown in (0xFFFF_FFFF, 0x7FFF_F000, 0):
        content[4:8] = content[40:44] = unknown.to_bytes(4, "little")
        signal = audio.load(io.BytesIO(content), sample_rate_hz=48_000)
        np.testing.assert_array_equal(signal.samples, expected)


def test_the_default_one_of_several_audio_streams_is_decoded(tmp_path: Path) -> None:
    import av

    path = tmp_path / "two.mka"
    with av.open(str(path), "w", format="matroska") as output:
        streams = [output.add_stream("pcm_s16le", rate=8_000, layout="mono") for _ in range(2)]
        streams[1].disposition = av.stream.Disposition.default
        for stream, level in zip(streams, (1_000, 16_384), strict=True):
            array = np.full((1, 8_000), level, np.int16)
            frame = av.AudioFrame.from_ndarray(array, format="s16", layout="mono")
            frame.sample_rate = 8_000
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    signal = audio.load(path, sample_rate_hz=8_000)
    assert set(np.unique(signal.samples)) == {np.float32(0.5)}


def test_when_one_decoder_stumbles_the_other_goes_on_where_it_stood(
    make_audio: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_audio("pcm16.flac", duration_s=2.0)
    expected = audio.load(path, sample_rate_hz=22_050).samples
    n_read = []
    read = soundfile.SoundFile.read

    def stumbling(self: soundfile.SoundFile, **kwargs: object) -> NDArray[np.float32]:
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


def test_importing_the_package_does_not_import_ffmpeg() -> None:
    program = "import sys, fpcore.audio; print('av' in sys.modules, 'soxr' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
