"""Files of a corpus are read as the survey found them, or the reading fails with their name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.corpora import Corpus, CorpusError
from experiments.corpora.reading import as_surveyed
from fpcore import audio
from fpcore.errors import AudioError
from tests.experiments.corpora.material import OpenCorpus, write_tone


@pytest.fixture
def found(music: Path, open_corpus: OpenCorpus) -> Corpus:
    return open_corpus(f"folder:{music}")


def read(corpus: Corpus) -> None:
    """Decode the track ``b.wav``."""
    with as_surveyed(corpus, corpus.by_id["b.wav"]) as path:
        audio.load(path, sample_rate_hz=8000)


def test_a_file_that_is_as_it_was_is_read(found: Corpus) -> None:
    read(found)


@pytest.mark.parametrize("content", ["music", "text"])
def test_a_file_that_was_replaced_is_named(found: Corpus, music: Path, content: str) -> None:
    file = music / "b.wav"
    before = file.stat()
    write_tone(file, hz=301) if content == "music" else file.write_text("no music")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(CorpusError, match=r"b\.wav has other content than when .* put the file"):
        read(found)


def test_a_file_that_was_another_while_it_was_read_and_is_back_is_noticed(
    found: Corpus, music: Path
) -> None:
    file, aside = music / "b.wav", music / "aside"
    with (
        pytest.raises(CorpusError, match=r"b\.wav was changed while it was read: give the same"),
        as_surveyed(found, found.by_id["b.wav"]) as path,
    ):
        file.rename(aside)
        write_tone(file, hz=301)
        audio.load(path, sample_rate_hz=8000)
        aside.replace(file)


def test_a_damaged_file_that_was_surveyed_as_it_is_keeps_its_own_sentence(
    found: Corpus, music: Path
) -> None:
    with pytest.raises(AudioError, match="the decoder's own"), as_surveyed(found, found.tracks[0]):
        raise AudioError("the decoder's own")
    (music / "b.wav").unlink()
    with pytest.raises(AudioError, match=r"b\.wav: does not exist"):
        read(found)
