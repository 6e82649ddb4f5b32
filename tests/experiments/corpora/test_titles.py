"""Titles of tracks: a table's first, then the tags of the file, and none of what has neither."""

from __future__ import annotations

from pathlib import Path

import soundfile

from experiments.corpora.titles import titles
from tests.experiments.corpora.material import RATE_HZ, OpenCorpus, write_tone


def _tag(path: Path, title: str) -> None:
    samples, _ = soundfile.read(path)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        file.title = title
        file.write(samples)


def test_a_table_comes_before_tags_and_an_unknown_track_is_passed_over(
    tmp_path: Path, open_corpus: OpenCorpus
) -> None:
    for number in range(4):
        write_tone(tmp_path / f"{number}.wav", hz=300 + 50 * number)
    for number in range(3):
        _tag(tmp_path / f"{number}.wav", f"Tag {number}")
    table = tmp_path / "tracks.csv"
    table.write_text("file,title\n0.wav,Prelude\n1.wav,\n2.wav,\n3.wav,\n")
    found = titles(open_corpus(f"csv:{table}"), ["3.wav", "1.wav", "0.wav", "gone.wav", "1.wav"])
    assert found == {"1.wav": "Tag 1", "0.wav": "Prelude"}
    assert list(found) == ["1.wav", "0.wav"]
