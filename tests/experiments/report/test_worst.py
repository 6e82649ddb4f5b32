"""Worst failures: which come first, and how they are heard again."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from experiments.errors import RunError
from experiments.report import study, worst
from experiments.results.run_folder import RunFolder


def test_queries_heard_again_give_the_answers_that_were_stored(real_run: RunFolder) -> None:
    found = study.load([real_run.path])
    result = found.results[1]
    rows = result.outcomes.set_index("query")
    # Every third query, so that tracks, excerpts and conditions vary.
    ids = list(rows.index[::3])
    n_equal = 0
    for heard in worst.explained(found, result, ids):
        stored = rows.loc[heard.query]
        matches = heard.explanation.matches
        assert heard.degraded.duration_s == pytest.approx(stored["clip_s"], abs=1e-3)
        if stored["right"]:
            n_equal += 1
            best = matches[0]
            assert best.song_name == stored["answer"]
            assert best.votes == stored["votes"]
            assert best.offset_s - stored["start_s"] == pytest.approx(stored["offset_error_s"])
    assert n_equal >= 3


def test_worst_failures_take_turns_and_are_failures(made_up: study.Study) -> None:
    result = made_up.results[0]
    failures = worst.worst(result, 30)
    rows = result.outcomes.set_index("query")
    for one in failures:
        row = rows.loc[one.query]
        accepted = row["confidence_probability"] >= result.threshold
        right = row["indexed"] and row["right"]
        expected = {
            "false alarm": accepted and not row["indexed"],
            "wrong name": accepted and row["indexed"] and not right,
            "missed": row["indexed"] and not accepted,
        }
        assert expected[one.kind], one
        assert one.track in one.sentence
    misses = [one for one in failures if one.kind == "missed"]
    assert len({one.track for one in misses}) == len(misses) > 3
    assert misses[0].condition == "clean"  # the easiest condition first
    assert len(worst.worst(result, 2)) == 2


def test_a_changed_corpus_and_an_unknown_query_are_refused(real_run: RunFolder) -> None:
    found = study.load([real_run.path])
    result = found.results[0]
    with pytest.raises(RunError, match="asked no query 'song#0'"):
        list(worst.explained(found, result, ["song#0"]))
    with pytest.raises(RunError, match=r"asked no query 's~0009\.flac#0/3s/clean'"):
        list(worst.explained(found, result, ["s~0009.flac#0/3s/clean"]))
    other = found.manifests[result.run].model_copy(update={"corpus_checksum": "0" * 64})
    found = dataclasses.replace(found, manifests={result.run: other})
    with pytest.raises(RunError, match="has other files than when small-1 was run"):
        list(worst.explained(found, result, [result.outcomes["query"][0]]))


KNOWN = worst.Failure(
    query="a#0/3s/clean",
    kind="missed",
    track="a",
    condition="clean",
    clip_s=3.0,
    answer="b",
    probability=0.25,
    right=False,
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"kind": "false alarm"},
            ", which is not in the index, were taken for “b” (probability 0.250).",
        ),
        ({"kind": "wrong name"}, " were taken for “b” (probability 0.250)."),
        ({"answer": ""}, " matched nothing at all."),
        (
            {"answer": "a", "right": True},
            ": the right song came first, but below the threshold (probability 0.250).",
        ),
        ({}, ": no answer; the best guess, “b”, was wrong (probability 0.250)."),
    ],
)
def test_each_way_to_fail_has_its_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert dataclasses.replace(KNOWN, **changes).sentence == f"3 s of “a” (clean){sentence}"


def test_a_recording_is_called_by_its_file_and_a_stranger_has_no_song() -> None:
    heard = dataclasses.replace(KNOWN, query="bar/1.wav@0a1b2c3d", is_recording=True)
    named = dataclasses.replace(heard, kind="wrong name").sentence
    assert named == "the recording bar/1.wav of “a” (clean) was taken for “b” (probability 0.250)."
    stranger = dataclasses.replace(heard, kind="false alarm", track="").sentence
    assert stranger == (
        "the recording bar/1.wav (clean), which is not in the index, was taken for “b” "
        "(probability 0.250)."
    )


def test_a_title_stands_before_the_id() -> None:
    titled = dataclasses.replace(KNOWN, kind="wrong name", titles={"b": "Ada – Prelude"})
    assert titled.sentence == (
        "3 s of “a” (clean) were taken for “Ada – Prelude” (b) (probability 0.250)."
    )


def test_the_summary_counts_each_way_to_fail(made_up: study.Study) -> None:
    [result] = [one for one in made_up.results if one.key == made_up.baseline]
    rows = result.outcomes
    accepted = rows["confidence_probability"] >= result.threshold
    right = rows["indexed"] & rows["right"]
    n_silent = int((rows["indexed"] & ~accepted).sum())
    wrong = int((accepted & rows["indexed"] & ~right).sum())
    assert worst.summary(result) == (
        "Queries of unknown songs that were given a name: "
        f"{int((accepted & ~rows['indexed']).sum())}. Queries of indexed songs that were given a "
        f"wrong name: {wrong}; that got no answer: {n_silent} "
        f"({100 * n_silent / int(rows['indexed'].sum()):.1f}%), of which "
        f"{int((right & ~accepted).sum())} had the right song first, but below the threshold."
    )
