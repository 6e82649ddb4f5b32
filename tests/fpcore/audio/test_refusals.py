"""What is refused, each with one sentence that names the file and the cause."""

from __future__ import annotations

import ctypes
import io
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from fpcore import audio
from fpcore.errors import AudioError, ConfigError
from tests import audio_files

Make = Callable[..., Path]

SUPPORTED = r"is not audio in a supported format \(WAV, "
DAMAGED = "(is|but is) (damaged|cut off)"


def refusal(source: Path | io.BytesIO, **options: object) -> str:
    """Return the sentence with which decoding ``source`` to its end is refused."""
    with pytest.raises(AudioError) as caught:
        for _ in audio.decode_blocks(source, sample_rate_hz=22_050, **options):
            pass
    sentence = str(caught.value)
    assert "\n" not in sentence
    if isinstance(source, Path):
        assert sentence.startswith(f"{source}: ")
    return sentence


def wav(n_channels: int, sample_rate_hz: int, samples: bytes) -> bytes:
    """Return a 16-bit WAV with any header."""
    width = 2 * n_channels
    fields = (1, n_channels, sample_rate_hz, (sample_rate_hz * width) & 0xFFFFFFFF, width, 16)
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *fields)
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def with_burst(content: bytes, *, at: float) -> bytes:
    """Return ``content`` with 2,000 random bytes, some frames, at a share ``at`` of its length."""
    start = round(len(content) * at)
    burst = np.random.default_rng(7).bytes(2000)
    return content[:start] + burst + content[start + len(burst) :]


@contextmanager
def without_root() -> Iterator[None]:
    """Give up root's right to read everything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that every user may enter, unlike those above it."""
    above = [tmp_path, *(p for p in tmp_path.parents if p.stat().st_uid == os.geteuid())]
    modes = {path: path.stat().st_mode for path in above}
    for path, mode in modes.items():
        if mode & 0o005 != 0o005:
            path.chmod(mode | 0o055)
    yield tmp_path
    for path, mode in modes.items():
        path.chmod(mode)


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.wav").endswith("gone.wav: does not exist")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder, not an audio file" in refusal(tmp_path)


def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    assert "is not a regular file" in refusal(pipe)


def test_a_file_without_read_permission(open_folder: Path, make_audio: Make) -> None:
    path = make_audio("pcm16.wav", duration_s=0.1)
    with without_root():
        assert audio.load(path, sample_rate_hz=22_050).duration_s == pytest.approx(0.1)
    path.chmod(0)
    with without_root():
        sentence = refusal(path)
        with pytest.raises(AudioError, match="permission denied"):
            audio.checksum(path)
    assert sentence.endswith("cannot be read, permission denied")


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp3"
    path.touch()
    assert refusal(path).endswith("empty.mp3: is empty")


@pytest.mark.parametrize("name", ["notes.wav", "notes.mp3", "notes.flac"])
def test_text_with_the_suffix_of_audio(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Nothing to hear in here.\n" * 200)
    with pytest.raises(AudioError, match=SUPPORTED):
        audio.load(path, sample_rate_hz=22_050)


@pytest.mark.parametrize("name", ["a\nb.wav", b"caf\xe9.wav", "nul\0.wav"])
def test_the_sentence_can_be_printed_whatever_the_name(tmp_path: Path, name: str | bytes) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), os.fsencode(name))))
    with pytest.raises(AudioError) as caught:
        audio.load(path, sample_rate_hz=22_050)
    assert str(caught.value).isprintable()
    assert str(caught.value).encode()


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
    # Two such channels add up to an infinity before they are averaged.
    assert "holds samples that are not finite numbers" in refusal(path)
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


@pytest.mark.parametrize("kind", ["pcm8.wav", "pcm16.wav", "float64.wav", "extensible24.wav"])
def test_a_cut_wav_says_where_it_ends(make_audio: Make, kind: str) -> None:
    path = make_audio(kind, duration_s=4.0)
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * 0.5)])
    assert refusal(path).endswith("is cut off after 2.00 s of 4.00 s: use a complete copy")


@pytest.mark.parametrize(
    "kind",
    [*audio_files.LOSSY, "alac.m4a", "fragmented.mp4", "pcm16.aiff"],
)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_cut_files_of_kinds_that_state_their_length(
    make_audio: Make, kind: str, share: float
) -> None:
    path = make_audio(kind, duration_s=4.0)
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
    with pytest.raises(AudioError, match=DAMAGED):
        audio.load(path, sample_rate_hz=22_050)


@pytest.mark.parametrize("kind", ["untagged.mp3", "adts.aac"])
def test_a_cut_stream_that_states_no_length_is_a_shorter_one(make_audio: Make, kind: str) -> None:
    content = make_audio(kind, duration_s=4.0).read_bytes()
    half = audio.load(io.BytesIO(content[: len(content) // 2]), sample_rate_hz=22_050)
    assert half.duration_s == pytest.approx(2.0, abs=0.2)


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


@pytest.mark.parametrize("content", [b"RIFF\x24\0\0\0WAVEfmt ", b"fLaC\0\0", b"OggS", b"ID3\x04"])
def test_a_header_without_the_rest_names_the_kind(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "short"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"looks like (WAV|FLAC|MP3)|is cut off inside"):
        audio.load(path, sample_rate_hz=22_050)


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

    sentences = []
    for source in (playlist, io.BytesIO(playlist.read_bytes())):
        assert not opened_meanwhile(target, lambda s=source: sentences.append(refusal(s)))

    assert all("is not audio in a supported format" in sentence for sentence in sentences)


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


def test_ten_hours_in_72_kilobytes_are_refused_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.flac"
    path.write_bytes(audio_files.silent_flac(10 * 3600.0))
    assert path.stat().st_size < 72_000

    sentence = refusal(path)

    assert sentence.endswith("lasts longer than 4 h, the limit for one file: split it")


def test_decoding_stops_within_a_block_of_the_limit(tmp_path: Path) -> None:
    bomb = io.BytesIO(audio_files.silent_flac(3600.0))
    decoded_s = 0.0
    limits = audio.AudioLimits(max_duration_s=60.0)
    with pytest.raises(AudioError, match="uploaded audio: lasts longer than 1 min"):
        for block in audio.decode_blocks(bomb, sample_rate_hz=8_000, limits=limits):
            decoded_s += len(block) / 8_000
    assert 50 < decoded_s <= 60


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


def test_more_channels_than_any_decoder_takes() -> None:
    content = wav(30_000, 44_100, bytes(120_000))
    with pytest.raises(AudioError, match=DAMAGED):
        audio.load(io.BytesIO(content), sample_rate_hz=22_050)


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


def test_streams_chained_at_different_sample_rates_are_not_cut_short(make_audio: Make) -> None:
    low = make_audio("vorbis.ogg", duration_s=1.0, sample_rate_hz=22_050).read_bytes()
    high = make_audio("vorbis.ogg", duration_s=1.0, sample_rate_hz=44_100).read_bytes()
    assert "is damaged or cut off after 1.00 s" in refusal(io.BytesIO(low + high))


class FailingFile(io.BytesIO):
    """A file on a disk that stops answering after some bytes."""

    n_good = 20_000

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self.n_good:
            raise OSError(5, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize("kind", audio_files.EVERY_KIND)
def test_a_read_error_is_named_and_not_taken_for_the_end(
    make_audio: Make, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = FailingFile(make_audio(kind, duration_s=4.0).read_bytes())
    assert "cannot be read, Input/output error" in refusal(file, name="lost.bin")
    file.n_good = 0
    assert "cannot be read, Input/output error" in refusal(file, name="lost.bin")
    assert capfd.readouterr() == ("", "")


def test_a_given_name_stands_in_the_sentence() -> None:
    assert refusal(io.BytesIO(b"text"), name="song.mp3").startswith("song.mp3: is not audio")
    assert refusal(io.BytesIO(b"text"), name="a\r\nb").startswith("a\ufffd\ufffdb: is not audio")


def test_a_part_that_starts_after_the_end(make_audio: Make) -> None:
    path = make_audio("pcm16.wav", duration_s=1.0)
    with pytest.raises(AudioError, match=r"ends at 1\.00 s, before the start 2\.00 s"):
        audio.load(path, sample_rate_hz=22_050, start_s=2.0)


@pytest.mark.parametrize("field", ["max_duration_s", "max_channels", "max_level"])
def test_limits_must_be_positive(field: str) -> None:
    with pytest.raises(ConfigError, match=f"{field} must be above 0, got 0"):
        audio.AudioLimits(**{field: 0})
