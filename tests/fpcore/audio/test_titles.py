"""Titles in tags, of containers that keep them in places of their own."""

from __future__ import annotations

import io
import os
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from fpcore.audio.titles import MOST_CHARACTERS, title_of, titled
from tests.tagged_files import id3, tagged, with_chunk


def _tagged(path: Path, codec: str, *, track: str = "", **tags: str) -> Path:
    """Write half a second of sound with tags."""
    with av.open(path, "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        stream.metadata.update({"title": track} if track else {})
        samples = np.zeros((1, 24_000), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 48_000
        for one in (frame, None):
            container.mux(stream.encode(one))
    return path


def _wav() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(4800), 48_000, format="WAV", subtype="PCM_16")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.opus", "libopus"), ("a.flac", "flac"), ("a.m4a", "aac")],
)
def test_a_title_is_read_wherever_the_container_keeps_it(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = _tagged(tmp_path / name, codec, title="Prélude", artist="Ada")
    assert title_of(path) == "Ada – Prélude"


def test_a_file_without_a_title_or_without_sound_has_none(tmp_path: Path) -> None:
    assert title_of(_tagged(tmp_path / "a.mp3", "libmp3lame", artist="Ada")) is None
    (tmp_path / "notes.mp3").write_text("no sound")
    assert title_of(tmp_path / "notes.mp3") is None
    assert title_of(tmp_path / "gone.mp3") is None


def test_a_title_is_one_short_line() -> None:
    assert titled("Pre\nlude\t 2", " Ada  L ") == "Ada L – Pre lude 2"
    assert titled("x" * MOST_CHARACTERS, "") == "x" * MOST_CHARACTERS
    assert titled("x" * MOST_CHARACTERS, "y") is None


@pytest.mark.parametrize("kind", [b"id3 ", b"ID3 "])
def test_wav_files_have_them_in_lists_or_as_id3(kind: bytes) -> None:
    assert title_of(io.BytesIO(tagged(_wav(), "Prélude", "Ada"))) == "Ada – Prélude"
    tag = id3("Прелюдия".encode("utf-16"), "Ада".encode("utf-16"), encoding=1)
    assert title_of(io.BytesIO(with_chunk(_wav(), kind, tag))) == "Ада – Прелюдия"


@pytest.mark.parametrize(
    ("encoding", "title", "expected"),
    [
        (0, "Prélude".encode("latin-1"), "Prélude"),
        (1, "Prélude".encode("utf-16"), "Prélude"),
        (3, "Prélude".encode(), "Prélude"),
        (3, "Prélude".encode("latin-1"), "Prélude"),  # not as it says
        (3, b"Pr\x81lude", None),  # of no character at all
        (0, b"  ", None),
        (1, "Pre\x1b[2Jlude\u202e\u200b 2\n".encode("utf-16"), "Pre[2Jlude 2"),
        (0, b"x" * 5000, None),
    ],
)
def test_odd_encodings_are_read_as_text_or_not_at_all(
    tmp_path: Path, encoding: int, title: bytes, expected: str | None
) -> None:
    path = _tagged(tmp_path / "a.mp3", "libmp3lame")
    path.write_bytes(id3(title, encoding=encoding) + path.read_bytes())
    assert title_of(path) == expected


def test_an_old_list_in_another_encoding_is_read_as_windows_wrote_it() -> None:
    assert title_of(io.BytesIO(tagged(_wav(), b"Pr\xe9lude", b"Ada"))) == "Ada – Prélude"
    assert title_of(io.BytesIO(tagged(_wav(), b"Pr\x8dlude", b"Ada"))) is None


def test_the_title_of_a_sound_track_is_none_of_the_music(tmp_path: Path) -> None:
    path = _tagged(tmp_path / "a.mka", "libopus", track="Commentary")
    assert title_of(path) is None


def test_an_open_file_stays_where_it_stands_and_what_would_block_is_not_opened(
    tmp_path: Path,
) -> None:
    file = io.BytesIO(tagged(_wav(), "Aria"))
    file.seek(7)
    assert title_of(file) == "Aria"
    assert file.tell() == 7
    os.mkfifo(tmp_path / "pipe.mp3")
    assert title_of(tmp_path / "pipe.mp3") is None
