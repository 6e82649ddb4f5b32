"""Folders of music, corpora with a cache of a test's own, and a look at what is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.corpora import corpus
from fpcore import audio
from fpcore.records import FloatArray
from tests.experiments.corpora.material import QUIET, OpenCorpus, write_tone


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Return a folder with three recordings, two of them in a subfolder."""
    root = tmp_path / "music"
    write_tone(root / "b.wav", hz=300)
    write_tone(root / "rock" / "a.wav", hz=500, duration_s=1.5)
    write_tone(root / "rock" / "Ünï côdé.flac", hz=700)
    return root


@pytest.fixture
def open_corpus(tmp_path: Path) -> OpenCorpus:
    """Return `corpus` with a cache folder of this test's own."""
    return lambda name: corpus(name, cache_dir=tmp_path / "cache", console=QUIET)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of each file that is decoded from now on."""
    names: list[str] = []
    decode_blocks = audio.decode_blocks

    def note(source: Path, **options: Any) -> Iterator[FloatArray]:
        names.append(Path(source).name)
        return decode_blocks(source, **options)

    monkeypatch.setattr(audio, "decode_blocks", note)
    return names
