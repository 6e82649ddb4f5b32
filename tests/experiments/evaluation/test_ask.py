"""What queries are asked of."""

from __future__ import annotations

import pytest

from experiments.corpora import corpus
from experiments.degradations import conditions
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from experiments.evaluation.rows import Answers
from experiments.protocol.plan import Plan
from fpcore.profiles import load_profile

PLAN = Plan(conditions(["clean"]), (5.0,), n_indexed=16, n_left_out=6, left_out_share=0.5)
SOURCE = corpus("generated:8")
PROFILE = load_profile("balanced")


@pytest.fixture(scope="module")
def answers() -> Answers:
    return index_and_ask(Context.of(SOURCE, PLAN), PROFILE, "calibration", n_jobs=1)


def test_a_song_asked_of_all_others_is_a_stranger(answers: Answers) -> None:
    rows = answers.candidates
    others = rows[rows["asked_of"] == "others"]
    songs = {track.id: track.work for track in SOURCE.tracks}
    assert 2 <= others["query"].nunique() <= 14
    assert not others["indexed"].any()
    assert not others["right"].any()
    assert not (others["song"].map(songs) == others["work"]).any()
    whole = rows[(rows["asked_of"] == "whole") & rows["query"].isin(others["query"])]
    assert whole["indexed"].all()
    assert whole.groupby("query")["right"].any().all()


def test_each_query_is_asked_of_the_whole_and_at_most_of_one_part(answers: Answers) -> None:
    asked = answers.candidates.groupby("query")["asked_of"].unique()
    assert all("whole" in of and len(of) <= 2 for of in asked)
    assert set(answers.outcomes["query"]) >= set(asked.index)


def test_test_songs_are_asked_of_the_whole_alone() -> None:
    rows = index_and_ask(Context.of(SOURCE, PLAN), PROFILE, "test", n_jobs=1).candidates
    assert set(rows["asked_of"]) == {"whole"}
