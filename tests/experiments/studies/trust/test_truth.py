"""What is true of each trial is measured on the whole corpus, once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.corpora import corpus
from experiments.progress import Step
from experiments.studies.trust import truth

SPEC = """
corpus: demo
profiles: [balanced]
degradations: [clean]
clip_lengths_s: [5]
fingerprint: {pairs.fan_out: [3, 5]}
"""


def test_the_whole_corpus_is_asked_once(
    tmp_path: Path, workbench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(truth, "N_CLIPS", 6)
    spec = tmp_path / "small.yml"
    spec.write_text(SPEC, encoding="utf-8")
    music = corpus("generated:12")
    steps: list[Step] = []
    found = truth.truths([str(spec)], music, tmp_path, n_jobs=1, show=steps.append)
    assert found["trial"].tolist() == ["t000-fanout3", "t001-fanout5"]
    assert (found["accuracy"] == 1).all()  # clean clips of songs that are all in the index
    assert Step("asking", 6, 6) in steps
    again = truth.truths([str(spec)], music, tmp_path, n_jobs=1, show=_refuse)
    pd.testing.assert_frame_equal(again, found, check_dtype=False)


def _refuse(step: Step) -> None:
    raise AssertionError(f"{step} was done again")
