"""Which loops are run, and on which tracks; `test_loop` runs one and keeps its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.corpora import corpus
from experiments.errors import RunError
from experiments.studies.trust.loop import Loop
from experiments.studies.trust.rows import keep_apart, loops, tracks_of

CORPUS = "generated:12"


def test_every_spec_and_size_is_run_on_each_sample() -> None:
    assert loops(["a"], [12, 25], 2, seed=7) == [
        Loop("a", 12, 7),
        Loop("a", 12, 8),
        Loop("a", 25, 7),
        Loop("a", 25, 8),
    ]


def test_the_halves_share_no_work() -> None:
    music = corpus(CORPUS)
    test, calibration = (
        {track.work for track in tracks_of(music, role, 5.0)} for role in ("test", "calibration")
    )
    assert test
    assert calibration
    assert not test & calibration
    assert tracks_of(music, "test", 1e9) == []


def test_rows_that_were_made_otherwise_do_not_join(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    for _ in range(2):
        keep_apart(folder, {"half": "test", "strangers": 300})
    with pytest.raises(RunError, match="give another --out"):
        keep_apart(folder, {"half": "test", "strangers": 30})
