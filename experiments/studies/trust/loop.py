"""One loop: sweep, recommend, promote, learn and ask, on a random sample of a corpus.

The sample lies in a folder of its own, as somebody's music does, and goes through the same
functions as the commands use. Strangers are the works of the corpus that are not in the sample.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import metrics
from experiments.corpora import Corpus, Track
from experiments.degradations import conditions
from experiments.errors import RunError
from experiments.evaluation.ask import ask
from experiments.evaluation.context import Context, sources_for
from experiments.evaluation.index import build_index
from experiments.evaluation.stage_cache import stage_cache
from experiments.folders import temporary_folder
from experiments.progress import Show
from experiments.protocol.plan import Plan
from experiments.protocol.splits import Split
from experiments.report import tables
from experiments.report.study import Study, load
from experiments.results.run_folder import RunFolder
from experiments.seeds import seeded_rng
from experiments.specs.grid import Trial, baseline, expand
from experiments.specs.spec import SweepSpec, load_spec
from experiments.sweeps.promotion import base_of, promoted_profile
from experiments.sweeps.protection import answers_alike
from experiments.sweeps.runner import sweep
from experiments.workers import Workers
from fpcore.config import Profile

NOISE = "pink-m5db"
NOISE_CLIP_S = 5.0
"""Strangers are asked in noise that hides them, in short clips: there most of them are named."""

N_OWN = 40
"""Own clips that are asked under each condition of the sweep, and in noise."""

N_UNKNOWN = 20
"""Clips of strangers that are asked under each of them, beside those in noise."""

TWIN = "twin"
"""Ends the id of a trial that is the same configuration as another one."""

LEAST_STRANGERS = 4
"""Works that have to be left when a sample is drawn."""

FRESH_SEED = 1_000_000
"""Added to the seed of a sweep: excerpts and noise that it did not hear."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop to run: ``spec`` on ``n_tracks`` tracks drawn with ``seed``."""

    spec: str
    n_tracks: int
    seed: int

    @property
    def name(self) -> str:
        """Name of its run and of its folder of music."""
        return f"{Path(self.spec).stem}-{self.n_tracks}-{self.seed}"


def run(
    task: Loop,
    corpus: Corpus,
    tracks: Sequence[Track],
    folder: Path,
    *,
    n_strangers: int,
    n_jobs: int,
    show: Show,
) -> dict[str, Any]:
    """Run one loop and return its row.

    Parameters
    ----------
    task : Loop
        What is run.
    corpus : Corpus
        Where the tracks are from.
    tracks : sequence of Track
        Tracks that may be drawn, one of each work; those that are not drawn are strangers.
    folder : Path
        Where music and runs of the study are kept.
    n_strangers : int
        Clips of strangers that are asked in noise.
    n_jobs : int
        Processes; -1 takes one for each core.
    show : Show
        Where progress is shown.

    Returns
    -------
    dict
        Columns as `experiments.studies.trust.summary` reads them.
    """
    own, strangers = sampled(tracks, task)
    music = _as_folder(corpus, own, folder / "music" / task.name)
    # Real recordings of a spec are left out: a sample has few of their songs.
    own_music = [f"seed={task.seed}", f"corpus=folder:{music}", "queries=null"]
    spec = load_spec(task.spec, own_music)
    swept = sweep(
        spec,
        run=folder / "runs" / task.name,
        workers=Workers(n_jobs=n_jobs),
        show=show,
        beside=[twin(spec)],
    )
    study = load([swept.path])
    board = tables.leaderboard(study)
    key = tables.recommended(study, board)
    if key is None:
        raise RunError(f"the sweep {swept.path} recommends nothing: no query of a song was asked")
    promoted, refused = _promoted(swept, key, n_jobs, show)
    base = base_of(swept.manifest(), key)
    asked = _Fresh(corpus, own, strangers, spec, task, n_strangers)
    row: dict[str, Any] = {
        "spec": task.spec,
        "n_tracks": task.n_tracks,
        "seed": task.seed,
        "recommended": key,
        "is_baseline": key == study.baseline,
        "refused": refused,
        "twins_differ": told_apart(study, board, twin(spec).id),
        **_stated(promoted),
    }
    of_base = asked.by(base, n_jobs, show)
    if promoted is None or answers_alike(promoted, base):
        of_promoted = of_base
    else:
        of_promoted = asked.by(promoted, n_jobs, show)
    row |= _measured(of_promoted, promoted or base, "promoted")
    return row | _measured(of_base, base, "base")


def sampled(tracks: Sequence[Track], task: Loop) -> tuple[list[Track], list[Track]]:
    """Return the tracks that are drawn for a task, and the others, each sorted by id.

    Raises
    ------
    RunError
        When there are too few to leave strangers.
    """
    if len(tracks) < task.n_tracks + LEAST_STRANGERS:
        raise RunError(
            f"{len(tracks)} works are too few to draw {task.n_tracks} and leave {LEAST_STRANGERS} "
            "strangers: take fewer --tracks or a larger corpus"
        )
    order = seeded_rng(task.seed, "trust", task.n_tracks).permutation(len(tracks))
    chosen = [tracks[i] for i in order]
    parts = chosen[: task.n_tracks], chosen[task.n_tracks :]
    own, strangers = (sorted(part, key=lambda track: track.id) for part in parts)
    return own, strangers


def twin(spec: SweepSpec) -> Trial:
    """Return a trial that is the same configuration as the first of a spec, or its baseline."""
    trials = expand(spec)
    like = next((trial for trial in trials if trial.id == baseline(spec)), trials[0])
    number = len(trials)
    return replace(like, id=f"t{number:03d}-{TWIN}")


def told_apart(study: Study, board: pd.DataFrame, twin_id: str) -> bool:
    """Whether a report tells a twin from the trial that it equals, in more than its name.

    Parameters
    ----------
    study : Study
        The sweep in which it is.
    board : pandas.DataFrame, a row per trial
        The study's leaderboard.
    twin_id : str
        The twin's id.
    """
    same = study.trial(twin_id)
    like = next(one for one in study.results if one.swept == same.swept and one.trial != same.trial)
    of_like, of_same = (tables.row(board, one.key) for one in (like, same))
    return bool(
        tables.paired(like, same).real
        or not tables.as_fast(board, like.key)[same.key]
        or of_like["pareto"] != of_same["pareto"]
        or of_same["recommended"]
    )


def _as_folder(corpus: Corpus, tracks: Sequence[Track], folder: Path) -> Path:
    """Make a folder of tracks, linked where the disk allows it, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for track in tracks:
        source = corpus.path_of(track)
        name = track.id.replace("/", "_").removesuffix(source.suffix)
        target = folder / f"{name}{source.suffix}"
        if target.exists():
            continue
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)
    return folder.resolve()


def _promoted(swept: RunFolder, key: str, n_jobs: int, show: Show) -> tuple[Profile | None, str]:
    try:
        return promoted_profile(swept, key, name="promoted", n_jobs=n_jobs, note=show), ""
    except RunError as error:
        return None, str(error)


class _Fresh:
    """Clips that the sweep did not ask: of own songs and of strangers."""

    def __init__(
        self,
        corpus: Corpus,
        own: Sequence[Track],
        strangers: Sequence[Track],
        spec: SweepSpec,
        task: Loop,
        n_strangers: int,
    ) -> None:
        self._parts = Split((), (), tuple(own), tuple(strangers))
        seed = task.seed + FRESH_SEED
        plans = {
            "as swept": Plan(spec.degradations, spec.clip_lengths_s, N_OWN, N_UNKNOWN, seed=seed),
            "in noise": Plan(
                conditions([NOISE]), (NOISE_CLIP_S,), N_OWN, n_strangers, seed=seed + FRESH_SEED
            ),
        }
        self._contexts = {
            name: Context(
                corpus,
                plan,
                self._parts,
                sources_for(plan.conditions, corpus, self._parts),
                stage_cache(),
            )
            for name, plan in plans.items()
        }

    def by(self, profile: Profile, n_jobs: int, show: Show) -> pd.DataFrame:
        """Return the outcome rows of a profile under which the own songs are learned.

        The column asked tells whether it was "as swept" or "in noise".
        """
        with temporary_folder() as folder, Workers(n_jobs).ready():
            database = folder / "index.db"
            first = self._contexts["as swept"]
            build_index(first, profile.fingerprint, database, n_jobs=n_jobs, show=show)
            answers = [
                ask(
                    one, profile, database, one.queries("test"), n_jobs=n_jobs, show=show
                ).outcomes.assign(asked=name)
                for name, one in self._contexts.items()
            ]
        return pd.concat(answers, ignore_index=True)


def _stated(promoted: Profile | None) -> dict[str, float]:
    """Return the intervals that the profile's model card states."""
    card: dict[str, Any] = (promoted.provenance or {}).get("overall", {}) if promoted else {}
    return {
        f"stated_{metric}_{bound}": card[metric][bound] if metric in card else float("nan")
        for metric in ("accepted_right", "false_accept")
        for bound in ("low", "high")
    }


def _measured(rows: pd.DataFrame, profile: Profile, name: str) -> dict[str, float]:
    """Return what came out for fresh clips: as the sweep asked, and of strangers in noise."""
    threshold = profile.decision.threshold
    as_swept = metrics.overall(rows[rows["asked"] == "as swept"], threshold).to_dict("index")
    strangers = rows[(rows["asked"] == "in noise") & ~rows["indexed"]]
    named = metrics.verdicts(strangers, threshold)["false_accept"].to_numpy(bool)
    found: dict[str, float] = {
        "n_strangers": len(strangers),
        "n_named": int(named.sum()),
        "accuracy": metrics.overall(rows, threshold).to_dict("index")["accepted_right"]["share"],
        "calibration_error": metrics.calibration_error(metrics.calibration_curve(rows)),
    }
    for metric in ("accepted_right", "false_accept"):
        for bound in ("share", "low", "high"):
            found[f"{metric}_{bound}"] = as_swept[metric][bound]
    return {f"{name}_{key}": value for key, value in found.items()}
