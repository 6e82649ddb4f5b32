"""What queries are asked of."""

from __future__ import annotations

from dataclasses import replace

from experiments.corpora import Corpus
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from experiments.evaluation.rows import Answers
from experiments.protocol.plan import Plan
from fpcore.profiles import load_profile

PROFILE = load_profile("balanced")


def test_a_song_asked_of_all_others_is_a_stranger(answers: Answers, source: Corpus) -> None:
    rows = answers.candidates
    others = rows[rows["asked_of"] == "others"]
    songs = {track.id: track.work for track in source.tracks}
    asked = answers.outcomes
    assert set(others["query"]) == set(asked.loc[asked["indexed"], "query"])
    assert not others["indexed"].any()
    assert not others["right"].any()
    assert not (others["song"].map(songs) == others["work"]).any()
    whole = rows[(rows["asked_of"] == "whole") & rows["query"].isin(others["query"])]
    assert whole["indexed"].all()
    assert whole.groupby("query")["right"].any().all()


def test_strangers_and_half_of_the_songs_are_asked_of_a_part_too(
    answers: Answers,
) -> None:
    asked = answers.candidates.groupby("query")["asked_of"].unique()
    assert all("whole" in of for of in asked)
    rows = answers.outcomes.set_index("query")
    is_indexed = rows.loc[asked.index, "indexed"]
    of_part = asked.map(lambda of: "part" in of)
    assert of_part[~is_indexed].mean() > 0.6  # some find no candidate in a few songs
    assert 0.1 < of_part[is_indexed].mean() < 0.9
    assert set(answers.outcomes["query"]) >= set(asked.index)


def test_test_songs_are_asked_of_the_whole_alone(source: Corpus, plan: Plan) -> None:
    rows = index_and_ask(Context.of(source, plan), PROFILE, "test", n_jobs=1).candidates
    assert set(rows["asked_of"]) == {"whole"}


def _in_pairs(source: Corpus) -> Corpus:
    """Return a corpus in which every two tracks are variants of one work."""
    works = [source.tracks[number // 2 * 2].work for number in range(len(source.tracks))]
    tracks = zip(source.tracks, works, strict=True)
    return replace(
        source, tracks=tuple(track.model_copy(update={"work": work}) for track, work in tracks)
    )


def test_a_song_asked_of_all_others_is_not_asked_of_its_variants(
    source: Corpus, plan: Plan
) -> None:
    paired = _in_pairs(source)
    context = Context.of(paired, plan)
    rows = index_and_ask(context, PROFILE, "calibration", n_jobs=1).candidates
    works = {track.id: track.work for track in paired.tracks}
    others = rows[rows["asked_of"] == "others"]
    assert others["query"].nunique() >= 2
    assert not (others["song"].map(works) == others["work"]).any()
    # In the whole index a variant is a candidate beside the asked track.
    whole = rows[(rows["asked_of"] == "whole") & rows["query"].isin(others["query"])]
    variants = whole[whole["song"].map(works) == whole["work"]].groupby("query")["song"]
    assert variants.nunique().max() == 2
