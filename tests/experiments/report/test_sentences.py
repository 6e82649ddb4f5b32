"""What a report says in words: the recommendation, its numbers, and the limits of the sample."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest

from experiments.calibration.thresholds import Tail
from experiments.report import sentences, study, tables
from tests.experiments.report import synthetic_runs


def test_the_headline_names_trial_accuracy_interval_and_sample(
    made_up: study.Study, board: pd.DataFrame
) -> None:
    key = board.index[board["recommended"]][0]
    said = sentences.headline(made_up, board)
    assert said.startswith(f"Promote {key[:4]} (fan-out 10, peak density 20): ")
    assert f"{100 * board.loc[key, 'accuracy']:.1f}% of the queries of indexed songs" in said
    assert "480 queries from 30 works" in said


def test_the_reasons_compare_with_the_baseline_on_the_same_queries(
    made_up: study.Study, board: pd.DataFrame
) -> None:
    said = " ".join(sentences.reasons(made_up, board))
    assert "Against the baseline, t004 (fan-out 5, peak density 10)" in said
    assert "exact McNemar p < 0.001): more than chance" in said
    assert "4 times the index size" in said
    assert "Of 480 queries of songs that are not in the index" in said


def test_staying_with_the_baseline_is_said(made_up: study.Study) -> None:
    [base] = [one for one in made_up.results if one.key == made_up.baseline]
    alone = dataclasses.replace(made_up, results=[base])
    board = tables.leaderboard(alone)
    assert sentences.headline(alone, board).startswith("Stay with the baseline t004")
    assert not any("Against the baseline" in one for one in sentences.reasons(alone, board))


def test_the_command_to_promote_names_run_and_trial(
    made_up: study.Study, board: pd.DataFrame
) -> None:
    assert sentences.command(made_up, board) == (
        "fpbench promote made-up-1 --trial t008-fanout10-density20 --name my-profile"
    )


def test_a_small_sample_is_told_in_words(
    made_up: study.Study, board: pd.DataFrame, tmp_path: Path
) -> None:
    said = " ".join(sentences.caveats(made_up, board))
    assert "rests on 60 queries" in said
    assert "The best of 9 configurations was picked on the very queries" in said
    assert "480 queries of left-out songs cannot show a false-alarm rate of 0.1%" in said
    assert "false-alarm rate of 1.0%: at least" not in said
    small = synthetic_runs.spec(excerpts={"indexed": 6, "left_out": 6}, degradations=["clean"])
    found = study.load([synthetic_runs.write_run(tmp_path / "small", small, n_works=4).path])
    said = " ".join(sentences.caveats(found, tables.leaderboard(found)))
    assert "only 4 works" in said
    assert "12 queries of left-out songs cannot show a false-alarm rate of 1.0%" in said


def test_failed_trials_and_queries_of_one_run_alone_are_told(tmp_path: Path) -> None:
    one = synthetic_runs.write_run(tmp_path / "one", failing=["t001-fanout3-density10"])
    fewer = synthetic_runs.spec(degradations=["clean", "white-0db"])
    two = synthetic_runs.write_run(tmp_path / "two", fewer)
    found = study.load([one.path, two.path])
    said = " ".join(sentences.caveats(found, tables.leaderboard(found)))
    assert "Missing here, because they failed: one/t001." in said
    assert "Only the 480 queries that all runs asked are counted here" in said
    assert "left out are 480 of one." in said


def test_a_tuning_says_how_certain_is_what_it_chose_by(
    made_up: study.Study, board: pd.DataFrame
) -> None:
    assert "Optuna" not in " ".join(sentences.caveats(made_up, board))
    manifests = {
        run: manifest.model_copy(update={"kind": "tune"})
        for run, manifest in made_up.manifests.items()
    }
    tuned = dataclasses.replace(made_up, manifests=manifests)
    [told] = [one for one in sentences.caveats(tuned, board) if "Optuna" in one]
    first = tables.row(board, str(board.index[0]))
    for bound in ("accuracy_low", "accuracy_high"):
        assert f"{100 * first[bound]:.1f}" in told


def test_what_was_run_is_told_from_the_manifest(made_up: study.Study) -> None:
    [facts] = sentences.history(made_up)
    assert facts["corpus"] == "generated:24, checksum 000000000000"
    assert facts["took"] == "2 min 30 s"
    assert facts["swept"] == "fan-out [pairs/peak]: 3, 5, 10; peak density [peaks/s]: 5, 10, 20"
    assert facts["trials"] == "9 of 9 finished (complete)"
    assert "numpy" in facts["versions"]


def test_nothing_known_is_no_recommendation(made_up: study.Study) -> None:
    bare = [
        dataclasses.replace(one, outcomes=one.outcomes[~one.outcomes["indexed"]])
        for one in made_up.results
    ]
    found = dataclasses.replace(made_up, results=bare)
    board = tables.leaderboard(found)
    assert sentences.headline(found, board).startswith("No configuration can be recommended")
    assert sentences.reasons(found, board) == []
    assert sentences.command(found, board) == ""
    assert sentences.caveats(found, board)


@pytest.mark.parametrize(
    ("n_jobs", "words"), [(-1, "a process for each"), (1, "one process"), (2, "2 processes")]
)
def test_who_did_the_work_is_told_in_words(made_up: study.Study, n_jobs: int, words: str) -> None:
    [(name, manifest)] = made_up.manifests.items()
    changed = dataclasses.replace(
        made_up, manifests={name: manifest.model_copy(update={"n_jobs": n_jobs})}
    )
    [facts] = sentences.history(changed)
    assert facts["machine"].endswith(f"cores, {words}")


def test_trials_that_the_music_cannot_tell_apart_are_named_with_what_would_settle_it(
    made_up: study.Study,
) -> None:
    few = [
        dataclasses.replace(one, outcomes=one.outcomes[one.outcomes["work"].isin(_works(one)[:6])])
        for one in made_up.results[4:6]
    ]
    found = dataclasses.replace(made_up, results=few)
    board = tables.leaderboard(found)
    assert tables.recommended(found, board) == made_up.baseline
    said = " ".join(sentences.reasons(found, board))
    assert "Your music cannot tell these apart from t004" in said
    assert re.search(r"would be shown by queries from about [\d,]+ works", said)


def _works(result: study.Result) -> list[str]:
    return sorted(result.outcomes["work"].unique())


def test_the_strangers_behind_a_threshold_are_told_by_their_kind(made_up: study.Study) -> None:
    pooled = [
        dataclasses.replace(one, tail=Tail(log_odds=0.5, rate=0.003)) for one in made_up.results
    ]
    found = dataclasses.replace(made_up, results=pooled)
    said = " ".join(sentences.caveats(found, tables.leaderboard(found)))
    assert "480 answers to your own (480 left out; 30 works, worth about" in said
    assert "those of the profile that the trials start from, which count as 300" in said
    assert "the threshold lies above all of them" not in said
