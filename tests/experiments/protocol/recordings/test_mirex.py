"""The layout ``mirex``, a list of queries and answers."""

from __future__ import annotations

from pathlib import Path

from experiments.protocol.recordings import read_queries
from tests.experiments.protocol.recordings.material import KNOWN, recordings


def test_answers_of_mirex_are_known_by_their_main_names(tmp_path: Path) -> None:
    recordings(tmp_path, "query/q1.wav", "query/q2.wav", "query/q3.wav")
    path = tmp_path / "answers.txt"
    path.write_text(
        "./query/q1.wav\t./AFP/database/Full_Circle.wav\n"
        "query/q2.wav\tnone\n"
        "query/q3.wav\t01\n"
        "query/q3.wav A/01.mp3\n"
    )
    found = read_queries(path, KNOWN, layout="mirex")
    assert [(one.name, one.song and one.song.id) for one in found.queries] == [
        ("./query/q1.wav", "A/Full_Circle.mp3"),
        ("query/q2.wav", None),
    ]
    assert [fault.sentence.partition(":")[0] for fault in found.faults] == [
        "answers.txt line 3",
        "answers.txt line 4 is no query and answer with one tab between them",
    ]
    assert "may be 'A/01.mp3' and 'B/01.mp3'" in found.faults[0].sentence
