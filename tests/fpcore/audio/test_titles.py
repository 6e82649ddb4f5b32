"""Titles in tags, of containers that keep them in places of their own."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from fpcore.audio.titles import MOST_CHARACTERS, title_of, titled


def _tagged(path: Path, codec: str, **tags: str) -> Path:
    """Write half a second of sound with tags."""
    with av.open(path, "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        samples = np.zeros((1, 24_000), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 48_000
        for one in (frame, None):
            container.mux(stream.encode(one))
    return path


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
