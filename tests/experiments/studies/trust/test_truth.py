"""What is true of each trial is measured on the whole corpus, once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from experiments.corpora import corpus
from experiments.errors import CorpusError
from experiments.progress import silent
from experiments.studies.trust import truth

SPEC = """
corpus: demo
profiles: [balanced]
degradations: [clean]
clip_lengths_s: [5]
left_out_share: 0.5
fingerprint: {pairs.fan_out: [3, 5]}
"""


def test_the_whole_corpus_is_swept_once(
    tmp_path: Path, workbench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(truth, "N_INDEXED", 6)
    monkeypatch.setattr(truth, "N_LEFT_OUT", 4)
    spec = tmp_path / "small.yml"
    spec.write_text(SPEC, encoding="utf-8")

    def measured() -> pd.DataFrame:
        music = corpus("generated:16")
        return truth.truths([str(spec)], music, tmp_path, n_jobs=1, show=silent)

    found = measured()
    assert found["trial"].tolist() == ["t000-fanout3", "t001-fanout5"]
    assert found["accuracy"].between(0.5, 1).all()
    shutil.rmtree(tmp_path / "runs")
    pd.testing.assert_frame_equal(measured(), found)
    assert not (tmp_path / "runs").exists()


def test_a_corpus_too_small_to_tell_the_truth_is_refused(workbench: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="generated:12"):
        truth.check(["trust"], corpus("generated:12"), tmp_path)
