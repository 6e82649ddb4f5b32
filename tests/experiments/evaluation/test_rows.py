"""The rows of queries: what is true of an answer, also of one that was chosen afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.corpora import Corpus
from experiments.degradations import Condition, conditions
from experiments.degradations.config import Surround, Tempo
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Clip, Context
from experiments.evaluation.index import build_index
from experiments.evaluation.rows import (
    Answers,
    AskedOf,
    candidate_rows,
    outcome_row,
    rechosen,
)
from experiments.evaluation.stage_cache import StageCache
from experiments.protocol.plan import Plan
from fpcore import pipeline
from fpcore.profiles import load_profile
from fpcore.records import Match
from fpcore.search.passes import SearchTrace, passes
from fpcore.store import open_store

PROFILE = load_profile("balanced")


@dataclass(frozen=True)
class Asked:
    """A clip of an indexed song, and the traces of a first and a thorough pass over it."""

    context: Context
    clip: Clip
    first: SearchTrace
    thorough: SearchTrace

    def row(self, clip: Clip, trace: SearchTrace) -> dict[str, Any]:
        """Return the outcome row of a clip that a trace answers."""
        return outcome_row(self.context, PROFILE.fingerprint, clip, trace, fingerprint_s=1.5)


@pytest.fixture(scope="module")
def asked(source: Corpus, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    context, config = Context.of(source, plan), PROFILE.fingerprint
    database = tmp_path_factory.mktemp("asked") / "index.db"
    build_index(context, config, database, n_jobs=1)
    [query, *_] = (one for one in context.queries("test") if one.indexed)
    [clip] = context.clips([query], config)
    windows = pipeline.queries(context.recording(clip), config, PROFILE.query)
    with open_store(database, config) as store:
        found = passes(windows, store, PROFILE)
        [first], [thorough] = next(found), next(found)
    return Asked(context, clip, first, thorough)


def _answering(trace: SearchTrace, **changes: Any) -> SearchTrace:
    """Return a trace that answers with another place or other votes."""
    best: Match = replace(trace.matches[0], **changes)
    return replace(trace, matches=(best, *trace.matches[1:]))


def test_an_outcome_tells_what_was_asked_what_was_answered_and_what_it_took(asked: Asked) -> None:
    clip, answer = asked.clip, asked.first
    track, best = clip.query.track, answer.matches[0]
    assert asked.row(clip, answer) == {
        "query": clip.query.id,
        "track": track.id,
        "work": track.work,
        "condition": "clean",
        "clip_s": 5.0,
        "start_s": clip.start_s,
        "indexed": True,
        "answer": track.id,
        "probability": best.probability,
        "votes": best.votes,
        "offset_s": best.offset_s,
        "right": True,
        "offset_error_s": pytest.approx(best.offset_s - clip.start_s),
        "same_passage": True,
        "decode_s": 0.0,
        "fingerprint_s": 1.5,
        "lookup_s": answer.times.lookup_s,
        "align_s": answer.times.align_s,
        "n_hashes": len(answer.query.hashes),
    }


@pytest.mark.parametrize("lead_s", [2.0, 6.0])
def test_what_precedes_a_fast_excerpt_takes_the_place_of_more_of_the_song(
    asked: Asked, lead_s: float
) -> None:
    """Of both halves of the excerpt the place is right: the second one leads by the gap more."""
    steps = (Tempo(factor=1.25), Surround(before_s=2.0, between_s=4.0))
    condition = Condition(name="late", chain=steps)
    clip = replace(asked.clip, query=replace(asked.clip.query, condition=condition))
    begins_s = clip.start_s - lead_s * 1.25
    in_place, beside, unmoved = (
        asked.row(clip, _answering(asked.first, offset_s=place_s))
        for place_s in (begins_s, begins_s + 0.3, clip.start_s)
    )
    assert in_place["offset_error_s"] == pytest.approx(0.0, abs=1e-9)
    assert in_place["same_passage"]
    assert beside["offset_error_s"] == pytest.approx(0.3)
    assert not beside["same_passage"]
    assert unmoved["offset_error_s"] == pytest.approx(2.0 * 1.25)
    assert not unmoved["same_passage"]


def test_a_repeat_of_the_passage_is_as_right_as_the_place_that_was_asked(asked: Asked) -> None:
    """A clip is said to be from a minute before, so that its place is a repeat of it."""
    earlier = replace(asked.clip, start_s=asked.clip.start_s - 60)
    in_place, beside = (
        asked.row(earlier, _answering(asked.first, offset_s=asked.clip.start_s + by_s))
        for by_s in (0.0, 0.2)
    )
    assert in_place["offset_error_s"] == pytest.approx(60)
    assert in_place["same_passage"]
    assert not beside["same_passage"]


@pytest.mark.parametrize("same_work", [True, False])
def test_a_recording_of_the_same_sound_is_right_if_it_is_of_the_work(
    asked: Asked, same_work: bool, tmp_path: Path
) -> None:
    context, track = asked.context, asked.clip.query.track
    work = track.work if same_work else "another"
    copy = track.model_copy(update={"id": "copy", "work": work})
    corpus = replace(context.corpus, tracks=(copy, *context.corpus.tracks))
    context = replace(context, corpus=corpus, cache=StageCache(tmp_path / "of outcomes"))
    start_s = asked.clip.start_s
    answer = _answering(asked.first, song_name="copy", offset_s=start_s)
    config = PROFILE.fingerprint
    row = outcome_row(context, config, asked.clip, answer, fingerprint_s=1.5)
    assert (row["right"], row["same_passage"]) == (same_work, same_work)
    assert math.isnan(row["offset_error_s"])
    # The same is found when the answer is chosen afterwards, with nothing at hand but rows.
    candidates = pd.DataFrame(
        {"query": row["query"], "rank": [0, 1], "asked_of": "whole", "song": "copy", "votes": 9}
    ).assign(offset_s=[start_s, start_s + 0.2])
    found = Answers(pd.DataFrame([row | {"answer": ""}]), candidates)
    context = replace(context, cache=StageCache(tmp_path / "of choices"))
    for rank, in_place in ((0, True), (1, False)):
        chosen = pd.DataFrame({"query": [row["query"]], "rank": rank, "probability": 0.5})
        [told] = rechosen(context, config, found, chosen).to_dict("records")
        assert (told["right"], told["same_passage"]) == (same_work, same_work and in_place)


def test_without_an_answer_there_is_neither_evidence_nor_a_place(asked: Asked) -> None:
    row = asked.row(asked.clip, replace(asked.first, matches=()))
    told = ("answer", "probability", "votes", "offset_s", "right", "same_passage")
    assert [row[name] for name in told] == ["", 0.0, 0, 0.0, False, False]
    assert math.isnan(row["offset_error_s"])


def test_the_candidate_that_is_answered_has_the_place_of_the_answer_and_no_other(
    asked: Asked,
) -> None:
    traces, query = [asked.first, asked.thorough], asked.clip.query
    answer = _answering(asked.first, offset_s=99.0, votes=7)
    rows = candidate_rows(
        asked.context.corpus, query, traces, role="test", asked_of="whole", answer=answer
    )
    matches = [match for trace in traces for match in trace.matches]
    told = [(row["song"], row["offset_s"], row["votes"]) for row in rows]
    own = [(match.song_name, match.offset_s, match.votes) for match in matches]
    assert told == [(own[0][0], 99.0, 7), *own[1:]]
    assert [row["rank"] for row in rows] == list(range(len(matches)))
    names = ["first"] * len(asked.first.matches) + ["thorough"] * len(asked.thorough.matches)
    assert [row["pass"] for row in rows] == names
    same = {
        "query": query.id,
        "condition": "clean",
        "clip_s": 5.0,
        "work": query.track.work,
        "indexed": True,
        "role": "test",
        "asked_of": "whole",
    }
    assert all({name: row[name] for name in same} == same for row in rows)
    assert [row["right"] for row in rows] == [row["song"] == query.track.id for row in rows]


def test_a_candidate_has_its_own_evidence(asked: Asked) -> None:
    traces = [asked.first, asked.thorough]
    rows = candidate_rows(
        asked.context.corpus, asked.clip.query, traces, role="test", asked_of="whole"
    )
    places = [(trace, place) for trace in traces for place in trace.rows]
    for row, (trace, place) in zip(rows, places, strict=True):
        assert {name: row[name] for name in trace.evidence} == {
            name: values[place] for name, values in trace.evidence.items()
        }


@pytest.mark.parametrize(
    ("indexed", "asked_of", "known"),
    [(True, "part", True), (True, "others", False), (False, "whole", False)],
)
def test_a_song_that_was_not_among_those_asked_is_a_stranger_and_nothing_right(
    asked: Asked, indexed: bool, asked_of: AskedOf, known: bool
) -> None:
    query = replace(asked.clip.query, indexed=indexed)
    rows = candidate_rows(
        asked.context.corpus, query, [asked.first], role="test", asked_of=asked_of
    )
    assert rows[0]["song"] == query.track.id
    assert {row["indexed"] for row in rows} == {known}
    assert rows[0]["right"] == known


def test_another_choice_is_one_of_the_whole_index(
    answers: Answers, source: Corpus, plan: Plan
) -> None:
    rows = answers.candidates
    whole = rows[rows["asked_of"] == "whole"]
    chosen = whole[whole["rank"] == 1].assign(probability=0.25)
    with_second = chosen.set_index("query")
    context = Context.of(source, plan)
    found = rechosen(context, PROFILE.fingerprint, answers, chosen).set_index("query")
    assert len(found) == len(answers.outcomes)
    for query, row in with_second.iterrows():
        assert found["answer"][str(query)] == row["song"]
        assert found["votes"][str(query)] == row["votes"]
        assert found["confidence_probability"][str(query)] == 0.25


def test_what_no_decision_chose_an_answer_for_stays_as_it_was_without_confidence(
    answers: Answers, source: Corpus, plan: Plan
) -> None:
    whole = answers.candidates[answers.candidates["asked_of"] == "whole"]
    chosen = whole[whole["rank"] == 0].assign(probability=0.75).iloc[:3]
    found = rechosen(Context.of(source, plan), PROFILE.fingerprint, answers, chosen)
    is_chosen = found["query"].isin(chosen["query"])
    assert is_chosen.sum() == 3
    assert found["confidence_probability"].tolist() == np.where(is_chosen, 0.75, 0.0).tolist()
    left = found[~is_chosen].drop(columns="confidence_probability")
    pd.testing.assert_frame_equal(left, answers.outcomes[~is_chosen])


def test_what_a_choice_says_is_true_of_the_chosen_candidate_in_whatever_pass(
    source: Corpus, plan: Plan
) -> None:
    plan = replace(
        plan, conditions=conditions(["tempo-m6", "speed-p5"]), clip_lengths_s=(8.0,), n_indexed=8
    )
    answers = index_and_ask(Context.of(source, plan), PROFILE, "calibration", n_jobs=1)
    context = Context.of(source, plan)
    rows = answers.candidates
    whole = rows[rows["asked_of"] == "whole"]
    works = {track.id: track.work for track in source.tracks}
    n_other_songs = 0
    for rank in (0, 3):
        chosen = whole[whole["rank"] == rank].assign(probability=0.25).set_index("query")
        found = rechosen(context, PROFILE.fingerprint, answers, chosen.reset_index()).set_index(
            "query"
        )
        answered = answers.outcomes.set_index("query")
        for query, row in chosen.iterrows():
            told = found.loc[str(query)]
            assert (told["answer"], told["offset_s"]) == (row["song"], row["offset_s"])
            assert told["votes"] == row["votes"]
            assert told["right"] == (works[row["song"]] == row["work"])
            n_other_songs += told["answer"] != answered["answer"][str(query)]
    assert n_other_songs > 5


def test_the_candidate_that_answers_lies_where_the_answer_says(source: Corpus, plan: Plan) -> None:
    plan = replace(plan, conditions=conditions(["tempo-m6"]), clip_lengths_s=(8.0,), n_left_out=0)
    answers = index_and_ask(Context.of(source, plan), PROFILE, "test", n_jobs=1)
    accepted = answers.outcomes[answers.outcomes["probability"] >= PROFILE.decision.threshold]
    in_place = accepted[accepted["right"] & (accepted["offset_error_s"].abs() <= 0.05)]
    assert len(in_place) >= 0.8 * len(accepted) > 5
    candidates = answers.candidates.groupby("query")
    for row in accepted.to_dict("records"):
        of_query = candidates.get_group(row["query"])
        of_song = of_query[of_query["song"] == row["answer"]]
        assert row["offset_s"] in of_song["offset_s"].tolist()


@pytest.mark.parametrize("name", ["silence-before-5s", "silence-between-20s", "music-before-5s"])
def test_places_are_judged_by_where_the_excerpt_stands_in_the_recording(
    source: Corpus, plan: Plan, name: str
) -> None:
    plan = replace(plan, conditions=conditions([name]), n_indexed=8, n_left_out=2)
    outcomes = index_and_ask(Context.of(source, plan), PROFILE, "test", n_jobs=1).outcomes
    found = outcomes[outcomes["indexed"] & (outcomes["probability"] > 0.9)]
    assert len(found) >= 6
    assert found["right"].all()
    assert (found["offset_error_s"].abs() < 0.05).mean() >= 0.8
    assert found["same_passage"].mean() >= 0.8
    strangers = outcomes[~outcomes["indexed"]]
    assert (strangers["probability"] < PROFILE.decision.threshold).all()
