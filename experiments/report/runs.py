"""Runs as data frames: what notebooks and papers begin with.

    from experiments import load_runs
    load_runs("mine").leaderboard()

The columns of `LoadedRuns.leaderboard` and `LoadedRuns.rows` are stable: a new version may add
some, and takes none away. ``to_latex``, ``to_csv`` and the like are those of pandas.
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from experiments.metrics.paired import points
from experiments.metrics.rows import probability_of
from experiments.report import labels, tables
from experiments.report.study import Result, Study, load


class LoadedRuns:
    """The finished trials of one or more runs, read once.

    Parameters
    ----------
    study : Study
        What was read of them; what is not shown here can be had from it.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    def leaderboard(self) -> pd.DataFrame:
        """Return a row for each trial, the most accurate first; see `tables.leaderboard`."""
        return tables.leaderboard(self.study)

    def rows(self) -> pd.DataFrame:
        """Return a row for each query of each trial.

        Its columns are run and trial, those of `experiments.evaluation.rows`, whether the answer
        was accepted at the trial's threshold, and the swept values.
        """
        return pd.concat([_rows_of(result) for result in self.study.results], ignore_index=True)

    def trials(self) -> pd.DataFrame:
        """Return a row for each trial, in the order of the spec: its swept values and its status.

        Columns are run, trial, status ("done", "failed", "waiting" or "running"), error and the
        swept values.
        """
        rows = []
        for run, manifest in self.study.manifests.items():
            prefix = f"{run}/" if len(self.study.manifests) > 1 else ""
            for trial, status in manifest.trials.items():
                error = self.study.failed.get(f"{prefix}{trial}", "")
                told = {"run": run, "trial": trial, "status": status, "error": error}
                rows.append({**told, **manifest.swept.get(trial, {})})
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        names = ", ".join(self.study.manifests)
        return f"<Runs {names}: {len(self.study.results)} finished trials>"

    def _repr_html_(self) -> str:
        return (
            f"<p>{len(self.study.results)} finished trials of {', '.join(self.study.manifests)}</p>"
            + short_leaderboard(self.leaderboard()).to_html(index=False)
        )


def load_runs(*runs: str | Path) -> LoadedRuns:
    """Return runs by their names or folders.

    Of several runs, only the queries that all of them asked are kept.

    Raises
    ------
    RunError
        When no run is named, one cannot be read, none of their trials has finished, or they have no
        query in common.
    """
    return LoadedRuns(load(runs))


SHOWN_TRIALS = 5
"""Trials that a short leaderboard shows beside the baseline and the recommended one."""


def short_leaderboard(board: pd.DataFrame) -> pd.DataFrame:
    """Return what matters most of a leaderboard, in words: the best trials, and those with a flag.

    Columns are trial, settings, "accepted, right %", "MB/h", "query ms", "to baseline, points" and
    a last one without a name, that tells the baseline and the recommended trial.
    """
    chosen = board[
        (board.reset_index().index < SHOWN_TRIALS) | board["baseline"] | board["recommended"]
    ]
    return pd.DataFrame(
        {
            "trial": chosen.index,
            "settings": chosen["settings"],
            "accepted, right %": [
                f"{100 * one.accuracy:.1f} "
                f"({100 * one.accuracy_low:.1f} to {100 * one.accuracy_high:.1f})"
                for one in chosen.itertuples()
            ],
            "MB/h": [f"{one / 1e6:.2f}" for one in chosen["bytes_per_hour"]],
            "query ms": [f"{1000 * one:.0f}" for one in chosen["query_p50_s"]],
            "to baseline, points": [_points(one) for one in chosen["difference"]],
            "": [
                ", ".join(flag for flag in ("recommended", "baseline") if row[flag])
                for _, row in chosen.iterrows()
            ],
        }
    )


def _points(difference: float) -> str:
    return "–" if math.isnan(difference) else points(difference)


def _rows_of(result: Result) -> pd.DataFrame:
    """Return the rows of a trial with what they belong to."""
    rows = result.outcomes
    swept = {path: labels.value(one) for path, one in result.swept.items()}
    accepted = probability_of(rows) >= result.threshold
    known = {"run": result.run, "trial": result.trial}
    return rows.assign(**known, accepted=accepted, **swept)
