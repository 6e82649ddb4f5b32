"""The small corpus, and a clip of it as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.corpora import Corpus, corpus
from experiments.studies.large_index import songs
from fpcore.profiles import load_profile
from tests.experiments import small


@pytest.fixture(scope="session")
def source(workbench: Path) -> Corpus:
    return corpus(small.CORPUS)


@pytest.fixture(scope="session")
def clip(source: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of the first song as a WAV file."""
    rate = load_profile("balanced").fingerprint.sample_rate_hz
    [wav] = songs.clips(source, rate, n=1, duration_s=10.0)
    path = tmp_path_factory.mktemp("clips") / "clip.wav"
    path.write_bytes(wav)
    return path
