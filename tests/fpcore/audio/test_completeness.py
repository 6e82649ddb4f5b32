"""Files that are cut off: refused by what their headers state, or taken as shorter ones."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from fpcore import audio
from fpcore.audio.completeness import missing
from fpcore.errors import AudioError
from tests import audio_files
from tests.fpcore.audio.material import DAMAGED, Make, refusal, wav


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
    path = make_audio(kind, duration_s=12.0)
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
    with pytest.raises(AudioError, match=DAMAGED):
        audio.load(path, sample_rate_hz=22_050)


@pytest.mark.parametrize(
    ("kind", "sync"), [("untagged.mp3", b"\xff\xfb"), ("adts.aac", b"\xff\xf1")]
)
def test_a_stream_that_states_no_length_and_is_cut_at_a_frame_is_a_shorter_one(
    make_audio: Make, kind: str, sync: bytes
) -> None:
    content = make_audio(kind, duration_s=4.0).read_bytes()
    border = content.index(sync, len(content) // 2)
    half = audio.load(io.BytesIO(content[:border]), sample_rate_hz=22_050)
    assert half.duration_s == pytest.approx(2.0, abs=0.2)
    sentence = refusal(io.BytesIO(content[: border - 1]))
    assert re.search(
        r"is cut off inside a frame, after [12]\.\d\d s: use a complete copy$", sentence
    )


def test_a_streamed_wav_without_a_length_is_read_to_its_end(make_audio: Make) -> None:
    content = bytearray(make_audio("pcm16.wav", duration_s=0.5).read_bytes())
    expected = audio.load(io.BytesIO(content), sample_rate_hz=48_000).samples
    assert content[36:40] == b"data"
    for unknown in (0xFFFF_FFFF, 0x7FFF_F000, 0x7FFF_F000 - 36, 2_000_000_000, 0):
        content[4:8] = content[40:44] = unknown.to_bytes(4, "little")
        signal = audio.load(io.BytesIO(content), sample_rate_hz=48_000)
        np.testing.assert_array_equal(signal.samples, expected)


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


def cut(content: bytes) -> str:
    """Return what is said of a file that is cut off, or an empty text."""
    lacks = missing(io.BytesIO(content))
    return "" if lacks is None else lacks.text


def test_a_wav_may_lack_a_few_thousand_bytes_and_a_chunk_behind_its_samples() -> None:
    content = wav(1, 1000, bytes(20_000))
    assert cut(content) == cut(content[:-1]) == cut(content[:-4096]) == ""
    assert cut(content[:-4097]) == "is cut off after 7.95 s of 10.00 s: use a complete copy"
    assert cut(content[:-10_000]) == "is cut off after 5.00 s of 10.00 s: use a complete copy"
    assert missing(io.BytesIO(content[:-10_000])) == (cut(content[:-10_000]), 10.0)
    assert cut(content + b"LIST\xff\0\0\0") == ""
    assert cut(content[:30]) == ""  # a header without samples is another fault


def test_a_chunk_of_odd_length_before_the_samples_is_followed_by_a_filling_byte() -> None:
    content = wav(1, 1000, bytes(20_000))
    longer = content[:36] + b"note\x03\0\0\0abc\0" + content[36:]
    assert cut(longer) == ""
    assert "after 5.00 s of 10.00 s" in cut(longer[:-10_000])


def test_an_aiff_that_is_cut_is_told_in_bytes() -> None:
    content = b"FORM" + (9012).to_bytes(4) + b"AIFFSSND" + (9000).to_bytes(4) + bytes(9000)
    assert cut(content) == cut(content[:-8]) == ""
    assert cut(content[:-5000]) == "is cut off after 4000 bytes of 9000 bytes: use a complete copy"


def test_an_ogg_file_ends_with_a_whole_page(make_audio: Make) -> None:
    content = make_audio("vorbis.ogg", duration_s=1.0).read_bytes()
    start = content.rindex(b"OggS")
    assert cut(content) == ""
    for n_bytes in (start + 4, start + 26, start + 27, len(content) - 1):
        sentence = f"is cut off inside its last page, at byte {n_bytes}: use a complete copy"
        assert cut(content[:n_bytes]) == sentence
    assert cut(content[:start]) == ""  # a page less is a shorter file


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\0\0\0\0\0\x05abcde"])
@pytest.mark.parametrize(("name", "offset"), [(b"Xing", 36), (b"Info", 21), (b"Xing", 13)])
@pytest.mark.parametrize("flags", [2, 3])
def test_an_mp3_may_lack_a_fiftieth_of_what_its_tag_states(
    tag: bytes, name: bytes, offset: int, flags: int
) -> None:
    frame = b"\xff\xfb\x90\x64".ljust(offset, b"\0") + name + flags.to_bytes(4)
    frame += (flags & 1) * (77).to_bytes(4) + (10_000).to_bytes(4)
    content = tag + frame.ljust(10_000, b"\0")
    assert cut(content) == ""
    assert cut(content[:-200]) == ""
    sentence = "is cut off: 9799 of 10000 bytes of audio are there, use a complete copy"
    assert cut(content[:-201]) == sentence


def test_an_mp3_whose_tag_states_no_length_is_not_cut() -> None:
    frame = b"\xff\xfb\x90\x64".ljust(36, b"\0") + b"Xing" + (1).to_bytes(4) + b"\xff" * 8
    assert cut(frame) == ""


@pytest.mark.parametrize("n_bytes", [1, 2, 3, 4, 44, 512, 4096])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_wav_whose_size_is_off_by_a_few_bytes_is_read(
    make_audio: Make, n_bytes: int, sign: int
) -> None:
    content = bytearray(make_audio("pcm16.wav", duration_s=0.5).read_bytes())
    expected = audio.load(io.BytesIO(content), sample_rate_hz=48_000).samples
    stated = int.from_bytes(content[40:44], "little") + sign * n_bytes
    content[40:44] = stated.to_bytes(4, "little")
    samples = audio.load(io.BytesIO(content), sample_rate_hz=48_000).samples
    n = min(len(samples), len(expected))
    assert len(expected) - n <= 1 + n_bytes // 4
    np.testing.assert_array_equal(samples[:n], expected[:n])


def test_a_vorbis_file_whose_last_page_counts_more_than_it_holds_is_whole(
    make_audio: Make,
) -> None:
    content = make_audio("vorbis.ogg", duration_s=3.0).read_bytes()
    expected = audio.load(io.BytesIO(content), sample_rate_hz=48_000)
    for n_more in (1, 100, 4_000, 40_000):
        longer = audio_files.count_more(content, n_more)
        found = audio.load(io.BytesIO(longer), sample_rate_hz=48_000)
        assert found.duration_s == pytest.approx(expected.duration_s, abs=0.1)
