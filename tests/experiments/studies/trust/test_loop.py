"""One real loop on generated songs, kept on the disk and not run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from experiments.corpora import corpus
from experiments.errors import RunError
from experiments.progress import Step
from experiments.report import tables
from experiments.report.study import load
from experiments.specs.grid import baseline, expand
from experiments.specs.spec import load_spec
from experiments.studies.trust import loop
from experiments.studies.trust.loop import Loop, sampled
from experiments.studies.trust.rows import FILE, loops, measured

CORPUS = "generated:12"
SPEC = """
corpus: demo
profiles: [balanced]
degradations: [clean]
clip_lengths_s: [5]
excerpts: {indexed: 3, left_out: 3}
left_out_share: 0.5
fingerprint: {pairs.fan_out: [3, 5]}
timed_queries: 1
queries: {list: recordings-of-songs-that-a-sample-may-lack.csv}
"""


@pytest.fixture(scope="module")
def found(
    tmp_path_factory: pytest.TempPathFactory, workbench: Path
) -> tuple[Path, Loop, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("trust")
    spec = folder / "small.yml"
    spec.write_text(SPEC, encoding="utf-8")
    [task] = loops([str(spec)], [8], 1, seed=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "N_OWN", 3)
        return folder, task, _measured(task, folder)


def _measured(task: Loop, folder: Path, steps: list[Step] | None = None) -> pd.DataFrame:
    music = corpus(CORPUS)
    told = [] if steps is None else steps
    return measured([task], music, music.tracks, folder, n_strangers=4, n_jobs=1, show=told.append)


def test_a_loop_tells_what_was_stated_and_what_came_out(
    found: tuple[Path, Loop, pd.DataFrame],
) -> None:
    folder, task, rows = found
    [row] = rows.to_dict("records")
    assert row["recommended"] in {"t000-fanout3", "t001-fanout5"}
    assert row["refused"] == ""
    assert not row["twins_differ"]  # one timed query tells no times apart
    assert row["promoted_n_strangers"] == row["base_n_strangers"] == 4
    assert row["stated_accepted_right_low"] < row["stated_accepted_right_high"]
    assert 0.5 < row["promoted_accuracy"] <= 1
    own, strangers = sampled(corpus(CORPUS).tracks, task)
    linked = sorted((folder / "music" / task.name).iterdir())
    assert len(linked) == len(own) == 8
    assert len(strangers) == 4
    assert not {track.id for track in own} & {track.id for track in strangers}


def test_what_is_on_the_disk_is_not_run_again(found: tuple[Path, Loop, pd.DataFrame]) -> None:
    folder, task, rows = found
    before = (folder / FILE).read_bytes()
    steps: list[Step] = []
    again = _measured(task, folder, steps)
    pd.testing.assert_frame_equal(again, rows, check_dtype=False)
    assert (folder / FILE).read_bytes() == before
    assert steps[-1] == Step("running loops", 1, 1)


def test_the_twin_of_a_spec_is_its_baseline_under_another_name() -> None:
    spec = load_spec("trust")
    same = loop.twin(spec)
    like = next(trial for trial in expand(spec) if trial.id == baseline(spec))
    assert same.id == "t003-twin"
    assert (same.profile, same.swept) == (like.profile, like.swept)


def test_a_twin_is_told_apart_by_its_times_alone(
    found: tuple[Path, Loop, pd.DataFrame],
) -> None:
    folder, task, _ = found
    study = load([folder / "runs" / task.name])
    same = study.trial("t002-twin")
    rows = pd.concat([same.timings] * 8).assign(query=[f"q{n}" for n in range(8)])
    slower = rows.assign(align_s=rows["align_s"] + 1.0)
    for timings, apart in ((rows, False), (slower, True)):
        results = [replace(one, timings=timings if one is same else rows) for one in study.results]
        timed = replace(study, results=results)
        board = tables.leaderboard(timed)
        assert loop.told_apart(timed, board, "t002-twin") == apart


def test_another_seed_draws_another_sample() -> None:
    tracks = corpus(CORPUS).tracks
    one, again, other = (sampled(tracks, Loop("x", 6, seed))[0] for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_too_few_works_are_told() -> None:
    with pytest.raises(RunError, match="12 works are too few to draw 9 and leave 4 strangers"):
        sampled(corpus(CORPUS).tracks, Loop("x", 9, 0))
