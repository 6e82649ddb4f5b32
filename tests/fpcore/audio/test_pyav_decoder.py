"""Decoding by FFmpeg: time, chained and joined streams, and no file but the one given."""

from __future__ import annotations

import ctypes
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from fpcore import audio
from fpcore.audio import pyav_decoder, soundfile_decoder
from fpcore.audio.decoding import DecoderError, FaultDepth
from fpcore.audio.limits import AudioRefusedError
from tests import audio_files
from tests.fpcore.audio.material import Make, blocks_of, decoded, lag, refusal


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


@pytest.mark.parametrize("kind", audio_files.DELAYED)
def test_a_delay_that_no_header_states_stays_under_two_frames(make_audio: Make, kind: str) -> None:
    signal = audio.load(make_audio(kind), sample_rate_hz=48_000)
    original = audio_files.noisy_tones(3.0, 48_000).mean(axis=1)
    assert 0 < lag(original, signal.samples, at=5_000) <= 2 * 1152


def test_chained_ogg_streams_are_decoded_to_the_last(make_audio: Make) -> None:
    link = make_audio("opus.opus", duration_s=1.0).read_bytes()
    signal = audio.load(io.BytesIO(link + link), sample_rate_hz=48_000)
    assert signal.duration_s == pytest.approx(2.0, abs=0.02)


def test_streams_chained_at_different_sample_rates_are_decoded_to_the_last(
    make_audio: Make,
) -> None:
    low = make_audio("vorbis.ogg", duration_s=1.0, sample_rate_hz=22_050).read_bytes()
    high = make_audio("vorbis.ogg", duration_s=1.0, sample_rate_hz=44_100).read_bytes()
    signal = audio.load(io.BytesIO(low + high), sample_rate_hz=22_050)
    assert signal.duration_s == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("kind", ["lame.mp3", "untagged.mp3"])
def test_joined_mp3_files_are_decoded_to_the_last(make_audio: Make, kind: str) -> None:
    content = make_audio(kind, duration_s=1.0).read_bytes()
    assert content.startswith(b"ID3")
    once = audio.load(io.BytesIO(content), sample_rate_hz=22_050).duration_s
    joined = audio.load(io.BytesIO(content * 3), sample_rate_hz=22_050).duration_s
    # At each seam the frame behind the tag may be lost, and padding is not trimmed.
    assert joined == pytest.approx(3 * once, abs=0.1)


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


def test_a_video_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(5):
            image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            output.mux(stream.encode(image))
        output.mux(stream.encode(None))
    assert refusal(path).endswith("has no audio stream")


def opened_meanwhile(target: Path, action: Callable[[], object]) -> bool:
    """Return whether anything opened ``target`` while ``action`` ran, as the kernel saw it."""
    libc = ctypes.CDLL(None, use_errno=True)
    in_open, nonblocking = 0x20, os.O_NONBLOCK
    watch = libc.inotify_init1(nonblocking)
    assert watch >= 0
    assert libc.inotify_add_watch(watch, os.fsencode(target), in_open) >= 0
    try:
        action()
        return bool(os.read(watch, 4096))
    except BlockingIOError:
        return False
    finally:
        os.close(watch)


def playlists(target: Path) -> dict[str, str]:
    """Return playlists of several kinds that name ``target``."""
    return {
        "m3u": f"#EXTM3U\n#EXTINF:1,\n{target}\n",
        "hls": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n"
        f"#EXTINF:1.0,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "relative": f"ffconcat version 1.0\nfile {target.name}\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=audio 5004 RTP/AVP 0\n",
        "pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="inotify tells whether a file was opened")
@pytest.mark.parametrize("name", ["x.wav", "x.mp3", "x.m3u8", "x.flac"])
@pytest.mark.parametrize("kind", ["m3u", "hls", "ffconcat", "relative", "sdp", "pls"])
def test_a_playlist_in_disguise_opens_no_other_file(
    make_audio: Make, tmp_path: Path, kind: str, name: str
) -> None:
    target = make_audio("pcm16.wav", duration_s=1.0)
    playlist = tmp_path / name
    playlist.write_text(playlists(target)[kind])

    for source in (playlist, io.BytesIO(playlist.read_bytes())):
        sentences: list[str] = []

        def refused(source: Path | io.BytesIO = source, told: list[str] = sentences) -> None:
            told.append(refusal(source))

        assert not opened_meanwhile(target, refused)
        assert "is not audio in a supported format" in sentences[0]


@pytest.mark.skipif(sys.platform != "linux", reason="inotify tells whether a file was opened")
def test_ffmpeg_left_alone_would_open_what_a_playlist_names(
    make_audio: Make, tmp_path: Path
) -> None:
    target = make_audio("pcm16.wav", duration_s=1.0)
    playlist = tmp_path / "x.wav"
    playlist.write_text(playlists(target)["relative"])

    def unguarded() -> None:
        with av.open(str(playlist)) as container:
            assert next(container.decode(audio=0)).samples

    assert opened_meanwhile(target, unguarded)


@pytest.mark.parametrize("kind", ["lame.mp3", "pcm16.wav"])
def test_every_block_but_the_last_has_at_least_the_length_asked_for(
    make_audio: Make, kind: str
) -> None:
    content = make_audio(kind, duration_s=1.0).read_bytes()
    blocks = blocks_of(pyav_decoder, content, block_frames=10_000)
    lengths = [block.n_frames for block in blocks]
    assert sum(lengths) == 48_000
    assert len(lengths) > 2
    assert all(10_000 <= length < 20_000 for length in lengths[:-1])


@pytest.mark.parametrize("content", [b"", b"text " * 1000, b"#EXTM3U\n/a.wav\n"])
def test_what_no_allowed_demuxer_takes_is_not_opened_at_all(content: bytes) -> None:
    with pytest.raises(DecoderError, match=r"^FFmpeg: ") as caught:
        blocks_of(pyav_decoder, content)
    assert caught.value.rank[0] is FaultDepth.NOTHING


def test_a_layout_outside_the_limits_is_refused(make_audio: Make) -> None:
    content = make_audio("opus.webm", duration_s=0.2).read_bytes()
    with pytest.raises(AudioRefusedError, match="has 2 channels, of which 1 to 1 are accepted"):
        blocks_of(pyav_decoder, content, limits=audio.AudioLimits(max_channels=1))


@pytest.mark.parametrize("kind", ["pcm8.wav", "pcm16.wav", "pcm32.wav", "float64.wav"])
def test_full_scale_is_one_whatever_the_type_of_the_samples(tmp_path: Path, kind: str) -> None:
    half = np.full((480, 1), -0.5, np.float32)
    path = audio_files.write(tmp_path / kind, half, 48_000, kind=kind)
    assert set(decoded(pyav_decoder, path)) == {np.float32(-0.5)}
