"""The layout ``audfprint``, a list of paths whose names tell the songs."""

from __future__ import annotations

from pathlib import Path

from experiments.protocol.recordings import read_queries
from tests.experiments.protocol.recordings.material import KNOWN, recordings


def test_a_list_of_audfprint_has_its_truth_in_the_names(tmp_path: Path) -> None:
    recordings(tmp_path, "q/Full_Circle_phone.wav", "none/x.wav", "q/Nobody.wav")
    path = tmp_path / "queries.list"
    path.write_bytes(b"q/Full_Circle_phone.wav\n\nnone/x.wav\nq/Nobody.wav\n\xff.wav\n")
    found = read_queries(path, KNOWN, layout="audfprint")
    assert [(one.place, one.song and one.song.id) for one in found.queries] == [
        ("queries.list line 1", "A/Full_Circle.mp3"),
        ("queries.list line 3", None),
    ]
    assert [fault.kind for fault in found.faults] == ["unknown song", "wrong encoding"]
    assert "nobody knows the song q/Nobody.wav" in found.faults[0].sentence
