"""Kinds of files by their first bytes, and the decoders of each."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fpcore import audio
from fpcore.audio import soundfile_decoder
from fpcore.audio.containers import identify
from fpcore.audio.tags import skip_tag
from fpcore.errors import AudioError
from tests import audio_files
from tests.fpcore.audio.material import Make, refusal

SUPPORTED = r"is not audio in a supported format \(WAV, "


@pytest.mark.parametrize("kind", audio_files.EVERY_KIND)
def test_bytes_decide_what_a_file_is_not_its_name(make_audio: Make, kind: str) -> None:
    path = make_audio(kind, duration_s=0.5)
    expected = audio.load(path, sample_rate_hz=22_050).samples
    renamed = path.rename(path.with_name("sound.txt"))
    np.testing.assert_array_equal(audio.load(renamed, sample_rate_hz=22_050).samples, expected)


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


@pytest.mark.parametrize("content", [b"RIFF\x24\0\0\0WAVEfmt ", b"fLaC\0\0", b"OggS", b"ID3\x04"])
def test_a_header_without_the_rest_names_the_kind(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "short"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"looks like (WAV|FLAC|MP3)|is cut off inside"):
        audio.load(path, sample_rate_hz=22_050)


def test_importing_the_package_does_not_import_ffmpeg() -> None:
    program = "import sys, fpcore.audio; print('av' in sys.modules, 'soxr' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


def id3(n_bytes: int) -> bytes:
    """Return an ID3v2 tag of zeros, ``n_bytes`` long behind its header."""
    sevens = [n_bytes >> shift & 0x7F for shift in (21, 14, 7, 0)]
    return b"ID3\x04\0\0" + bytes(sevens) + bytes(n_bytes)


HEADS = {
    b"RIFF\x24\0\0\0WAVEfmt ": "WAV",
    b"RF64\xff\xff\xff\xffWAVEds64": "WAV",
    b"FORM\0\0\0\x2eAIFFCOMM": "AIFF",
    b"FORM\0\0\0\x2eAIFCFVER": "AIFF",
    b"fLaC\0\0\0\x22": "FLAC",
    b"OggS\0\x02": "Ogg",
    b"\x1aE\xdf\xa3\x01\0": "WebM",
    b"\0\0\0\x20ftypM4A ": "M4A",
    b"\xff\xfb\x90\x64": "MP3 or AAC",
    b"\xff\xf1\x50\x80": "MP3 or AAC",
    id3(300): "MP3 or AAC",
    b"\xff\x1f\0\0": "",
    b"text": "",
}


@pytest.mark.parametrize(("content", "name"), HEADS.items(), ids=repr)
def test_a_kind_is_told_by_its_first_bytes(content: bytes, name: str) -> None:
    file = io.BytesIO(content)
    file.seek(2)
    assert identify(file).name == name


def test_a_tag_before_the_first_bytes_is_passed_over() -> None:
    assert identify(io.BytesIO(id3(300) + b"fLaC\0\0")).name == "FLAC"


@pytest.mark.parametrize("n_bytes", [0, 1, 127, 128, 70_000])
def test_a_tag_is_skipped_to_its_end(n_bytes: int) -> None:
    file = io.BytesIO(id3(n_bytes) + b"rest")
    assert skip_tag(file) == 10 + n_bytes
    assert file.read() == b"rest"


def test_without_a_tag_nothing_is_skipped() -> None:
    file = io.BytesIO(b"OggS and more than ten bytes")
    file.seek(4)
    assert skip_tag(file) == file.tell() == 0


@pytest.mark.parametrize(
    ("content", "n_decoders", "soundfile_place"),
    [(b"fLaC", 2, 0), (b"text", 2, 0), (b"OggS", 2, 1), (b"\xff\xfb\x90\x64", 1, None)],
)
def test_each_kind_has_its_decoders_in_order(
    content: bytes, n_decoders: int, soundfile_place: int | None
) -> None:
    decoders = identify(io.BytesIO(content)).decoders
    assert len(decoders) == n_decoders
    places = [place for place, one in enumerate(decoders) if one is soundfile_decoder.decode]
    assert places == ([] if soundfile_place is None else [soundfile_place])
