"""Duplicates: another encoding and a part are found, other music and noise are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fpcore.library import Library
from tests import audio_files
from tests.fpcore.indexed import PROFILE, RATE_HZ, part


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Two songs, the first again as a noisy copy and as MP3, and a part of the second."""
    folder = tmp_path_factory.mktemp("duplicates")
    noise = np.random.default_rng(0).normal(0, 0.002, 20 * RATE_HZ).astype(np.float32)
    with Library.open(folder / "songs.db", PROFILE, create=True) as library:
        for name, samples in (
            ("one", part(0, 0, 20)),
            ("two", part(1, 0, 20)),
            ("one in noise", part(0, 0, 20) + noise),
            ("part of two", part(1, 5, 8)),
        ):
            library.learn(samples, sample_rate_hz=RATE_HZ, name=name)
        stereo = np.stack([part(0, 0, 20)] * 2, axis=1)
        mp3 = audio_files.write(folder / "one.mp3", stereo, RATE_HZ, kind="lame.mp3")
        library.learn_one(mp3, name="one as MP3")
        yield library


def test_copies_and_parts_are_found_with_the_song_that_was_there_first(library: Library) -> None:
    found = {(one.song.name, one.of.name): one for one in library.duplicates()}
    assert set(found) == {
        ("one in noise", "one"),
        ("part of two", "two"),
        ("one as MP3", "one"),
        ("one as MP3", "one in noise"),
    }
    assert found["part of two", "two"].offset_s == pytest.approx(5.0, abs=0.1)
    assert found["one as MP3", "one"].offset_s == pytest.approx(0.0, abs=0.1)
    assert all(0.2 <= one.share <= 1 for one in found.values())


def test_how_much_must_be_alike_can_be_said(library: Library) -> None:
    alike = max(one.share for one in library.duplicates())
    assert [one for one in library.duplicates(least_share=1.0) if one.share < 1.0] == []
    assert library.duplicates(least_share=alike)
    with pytest.raises(ValueError, match=r"least_share must lie in \(0, 1\], got 0"):
        library.duplicates(least_share=0)


def test_an_empty_library_has_none(tmp_path: Path) -> None:
    with Library.open(tmp_path / "empty.db", PROFILE, create=True) as library:
        assert library.duplicates() == []
