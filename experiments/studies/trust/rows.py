"""Rows of the loops on the disk: each is kept as soon as it is there, and none is run twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from experiments.corpora import Corpus, Track
from experiments.errors import RunError
from experiments.files import read_rows, write_rows, writing
from experiments.progress import Show, Step, silent
from experiments.protocol.defaults import CALIBRATION_SHARE
from experiments.protocol.splits import Role, split
from experiments.studies.trust.loop import Loop, run, sampled
from fpcore import atomic

FILE = "trust.csv"
SETTINGS = "settings.json"
"""Holds what all rows of a folder have in common."""


def loops(specs: Sequence[str], sizes: Sequence[int], n_subsets: int, seed: int) -> list[Loop]:
    """Return the loops: every spec and size, on samples with seeds of their own.

    Parameters
    ----------
    specs : sequence of str
        Names or files of sweeps.
    sizes : sequence of int
        How many tracks are drawn.
    n_subsets : int
        Samples for each spec and size.
    seed : int
        Seed of the first sample.
    """
    return [
        Loop(spec, n_tracks, seed + number)
        for spec in specs
        for n_tracks in sizes
        for number in range(n_subsets)
    ]


def tracks_of(corpus: Corpus, role: Role, shortest_s: float) -> list[Track]:
    """Return one track of each work of one half of a corpus.

    The halves are those of seed 0, as the presets know them: they are fitted on the calibration
    half, so that verdicts on the other half are on music that nothing was tuned on.

    Parameters
    ----------
    corpus : Corpus
        The music.
    role : str, "calibration" or "test"
        The half.
    shortest_s : float
        Shorter tracks are left out.
    """
    parts = split(corpus, seed=0, calibration_share=CALIBRATION_SHARE, left_out_share=0.0)
    found: dict[str, Track] = {}
    for track in parts.half(role)[0]:
        if track.duration_s >= shortest_s:
            found.setdefault(track.work, track)
    return list(found.values())


def keep_apart(folder: Path, settings: Mapping[str, str | int]) -> None:
    """Make sure that no rows join a folder that were made otherwise.

    Parameters
    ----------
    folder : Path
        Where rows, music and runs are kept; it is made where it is not there.
    settings : mapping of str to str or int
        Where samples and strangers are drawn from, and how many are asked.

    Raises
    ------
    RunError
        When the folder's rows were made with other settings, or it cannot be written.
    """
    file = folder / SETTINGS
    with writing(file):
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            atomic.write_text(file, json.dumps(settings) + "\n")
        before = file.read_text(encoding="utf-8")
    if before != json.dumps(settings) + "\n":
        raise RunError(
            f"the rows in {folder} were made with {before.strip()}, and these would be made with "
            f"{json.dumps(settings)}: give another --out"
        )


def measured(
    wanted: Sequence[Loop],
    corpus: Corpus,
    tracks: Sequence[Track],
    folder: Path,
    *,
    n_strangers: int,
    n_jobs: int = -1,
    show: Show = silent,
) -> pd.DataFrame:
    """Run the loops that have no row yet and return the rows of all.

    Parameters
    ----------
    wanted : sequence of Loop
        The loops.
    corpus : Corpus
        Where the tracks are from.
    tracks : sequence of Track
        Tracks that may be drawn, one of each work.
    folder : Path
        Where rows, music and runs are kept: given again, it goes on where it was.
    n_strangers : int
        Clips of strangers that each loop asks in noise.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown, in loops.
    """
    rows = list(_known(folder / FILE))
    done = {(row["spec"], row["n_tracks"], row["seed"]) for row in rows}
    left = [task for task in wanted if (task.spec, task.n_tracks, task.seed) not in done]
    for task in left:
        sampled(tracks, task)  # a size that leaves no strangers is refused before anything runs
    for number, task in enumerate(left, start=len(wanted) - len(left)):
        show(Step("running loops", number, len(wanted)))
        rows.append(
            run(
                task,
                corpus,
                tracks,
                folder,
                n_strangers=n_strangers,
                n_jobs=n_jobs,
                show=silent,
            )
        )
        with writing(folder / FILE):
            write_rows(pd.DataFrame(rows), folder / FILE)
    show(Step("running loops", len(wanted), len(wanted)))
    found = pd.DataFrame(rows)
    asked = {(task.spec, task.n_tracks, task.seed) for task in wanted}
    keys = zip(found["spec"], found["n_tracks"], found["seed"], strict=True)
    return found[[key in asked for key in keys]].reset_index(drop=True)


def _known(file: Path) -> Iterator[dict[str, object]]:
    if not file.is_file():
        return
    for row in read_rows(file).to_dict("records"):
        known = {str(name): value for name, value in row.items()}
        yield known | {"refused": known["refused"] if isinstance(known["refused"], str) else ""}
