"""The layout ``folder``."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.errors import CorpusError
from experiments.protocol.recordings import folder
from experiments.protocol.recordings.contract import Entry, Fault
from tests.experiments.protocol.recordings.material import recordings


def test_a_folder_is_called_as_the_song_of_its_recordings(tmp_path: Path) -> None:
    names = ("A/01/p.wav", "none/q.wav", "none/her/r.wav", "lost.wav", "A/01/notes.txt")
    recordings(tmp_path, *names)
    found = folder.read(tmp_path)
    entries = {row.file: row.song for row in found.rows if isinstance(row, Entry)}
    assert entries == {
        "A/01/p.wav": "A/01",
        "none/q.wav": "none",
        "none/her/r.wav": "none: none/her",
    }
    [fault] = (row for row in found.rows if isinstance(row, Fault))
    assert fault.sentence.startswith("lost.wav lies in no folder: ")
    assert found.base == tmp_path
    assert found.columns == ()


def test_a_folder_without_sound_is_refused(tmp_path: Path) -> None:
    recordings(tmp_path, "A/notes.txt")
    with pytest.raises(CorpusError, match="holds no recordings: it has to hold a folder for each"):
        folder.read(tmp_path)
