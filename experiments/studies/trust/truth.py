"""What is true of each trial: its accuracy on a whole corpus, measured once for a spec.

A sample of a few tracks may recommend a trial that only looked good on them. The whole corpus, and
many more clips than a small sweep asks, tell how good it is. Every trial answers with the decision
that it starts from: on so much music a sweep would hardly move it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments import metrics
from experiments.corpora import Corpus
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context, sources_for
from experiments.evaluation.stage_cache import stage_cache
from experiments.files import read_rows, write_rows, writing
from experiments.progress import Show
from experiments.protocol.plan import Plan
from experiments.protocol.splits import Split
from experiments.specs.grid import Trial, expand
from experiments.specs.spec import SweepSpec, load_spec

FILE = "truth.csv"

N_CLIPS = 200
"""Clips that are asked under each condition and at each length."""


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
        Where the rows of the study are kept.
    n_jobs : int
        Processes; -1 takes one for each core.
    show : Show
        Where progress is shown.

    Returns
    -------
    pandas.DataFrame, a row per trial
        Columns spec, trial and accuracy, the share of clips that are accepted and right.
    """
    file = folder / FILE
    known = read_rows(file) if file.is_file() else pd.DataFrame(columns=["spec"])
    for spec in dict.fromkeys(specs):
        if spec in set(known["spec"]):
            continue
        found = _accuracies(spec, corpus, n_jobs, show)
        known = found if known.empty else pd.concat([known, found], ignore_index=True)
        with writing(file):
            write_rows(known, file)
    return known[known["spec"].isin(specs)].reset_index(drop=True)


def _accuracies(name: str, corpus: Corpus, n_jobs: int, show: Show) -> pd.DataFrame:
    spec = load_spec(name)
    context = _everything(spec, corpus)
    trials = expand(spec)
    return pd.DataFrame(
        {
            "spec": name,
            "trial": [trial.id for trial in trials],
            "accuracy": [_accuracy(trial, context, n_jobs, show) for trial in trials],
        }
    )


def _everything(spec: SweepSpec, corpus: Corpus) -> Context:
    """Return the context in which all tracks are indexed and asked about."""
    plan = Plan(spec.degradations, spec.clip_lengths_s, N_CLIPS, 0)
    parts = Split((), (), tuple(corpus.tracks), ())
    sources = sources_for(plan.conditions, corpus, parts)
    return Context(corpus, plan, parts, sources, stage_cache())


def _accuracy(trial: Trial, context: Context, n_jobs: int, show: Show) -> float:
    rows = index_and_ask(context, trial.profile, "test", n_jobs=n_jobs, show=show).outcomes
    found = metrics.overall(rows, trial.profile.decision.threshold)["share"]
    return float(found["accepted_right"])
