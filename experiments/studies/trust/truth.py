"""What is true of each trial: its accuracy in a sweep of the whole corpus, made once for a spec.

A sample of a few tracks may recommend a trial that only looked good on them. The whole corpus, and
many more clips than a small sweep asks, tell how good it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments import metrics
from experiments.corpora import Corpus
from experiments.files import read_rows, write_rows, writing
from experiments.progress import Show
from experiments.report.study import load
from experiments.specs.spec import SweepSpec, load_spec
from experiments.sweeps.prepared import prepare
from experiments.sweeps.runner import sweep
from experiments.workers import Workers

FILE = "truth.csv"

N_INDEXED, N_LEFT_OUT = 200, 100
"""Excerpts under each condition and clip length, of songs in the index and of strangers."""

CALIBRATION_SHARE = 0.75
"""Share of the works that are asked; a sweep needs some in the other half of its split too."""


def truths(
    specs: Sequence[str], corpus: Corpus, folder: Path, *, n_jobs: int, show: Show
) -> pd.DataFrame:
    """Return the accuracy of every trial of the specs on a whole corpus.

    What is in ``folder`` already is read, not measured again.

    Parameters
    ----------
    specs : sequence of str
        Names or paths of specs.
    corpus : Corpus
        The music.
    folder : Path
        Where rows and runs of the study are kept.
    n_jobs : int
        Processes; -1 takes one for each core.
    show : Show
        Where progress of the sweeps is shown.

    Returns
    -------
    pandas.DataFrame, a row per trial
        Columns spec, trial and accuracy, the share of clips that are accepted and right.
    """
    file = folder / FILE
    known = _known(folder)
    for spec in dict.fromkeys(specs):
        if spec in set(known["spec"]):
            continue
        run = folder / "runs" / f"truth-{Path(spec).stem}"
        swept = sweep(whole(spec, corpus), run=run, workers=Workers(n_jobs=n_jobs), show=show)
        found = _accuracies(spec, swept.path)
        known = found if known.empty else pd.concat([known, found], ignore_index=True)
        with writing(file):
            write_rows(known, file)
    return known[known["spec"].isin(specs)].reset_index(drop=True)


def check(specs: Sequence[str], corpus: Corpus, folder: Path) -> None:
    """Raise a `CorpusError` when a corpus is too small for a sweep of it that is still to be made.

    Parameters
    ----------
    specs : sequence of str
        Names or paths of specs.
    corpus : Corpus
        The music.
    folder : Path
        Where what is known already is kept.
    """
    known = set(_known(folder)["spec"])
    for spec in specs:
        if spec not in known:
            prepare(whole(spec, corpus))


def _known(folder: Path) -> pd.DataFrame:
    file = folder / FILE
    return read_rows(file) if file.is_file() else pd.DataFrame(columns=["spec"])


def whole(spec: str, corpus: Corpus) -> SweepSpec:
    """Return a spec that asks the same trials many clips of most works of a corpus."""
    return load_spec(
        spec,
        [
            "seed=0",
            f"corpus={corpus.name}",
            f"calibration_share={CALIBRATION_SHARE}",
            f"excerpts={{indexed: {N_INDEXED}, left_out: {N_LEFT_OUT}}}",
            "timed_queries=0",
        ],
    )


def _accuracies(spec: str, run: Path) -> pd.DataFrame:
    results = load([run]).results
    shares = [metrics.overall(one.outcomes, one.threshold)["share"].to_dict() for one in results]
    return pd.DataFrame(
        {
            "spec": spec,
            "trial": [one.trial for one in results],
            "accuracy": [share["accepted_right"] for share in shares],
        }
    )
