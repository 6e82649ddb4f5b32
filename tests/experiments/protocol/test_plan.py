"""What is asked: each kind of query as often as planned, every repeat drawn anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from experiments.corpora import Corpus, Track
from experiments.degradations import conditions
from experiments.protocol.plan import Plan
from experiments.protocol.splits import split

CORPUS = Corpus(
    "test",
    Path(),
    tuple(
        Track(
            id=f"t{number:02d}",
            group="g",
            path=f"{number}.wav",
            checksum=f"{number:064x}",
            duration_s=10.0 if number % 5 else 6.0,
            work=f"w{number:02d}",
        )
        for number in range(40)
    ),
)
PLAN = Plan(
    conditions(["clean", "white-0db"]),
    (3.0, 8.0),
    n_indexed=12,
    n_left_out=7,
    seed=3,
    repeats=3,
    calibration_share=0.25,
    left_out_share=0.4,
)


def test_the_split_is_that_of_the_plans_seed_and_shares() -> None:
    expected = split(CORPUS, seed=3, calibration_share=0.25, left_out_share=0.4)
    assert PLAN.split(CORPUS) == expected
    assert list(expected.sizes().values()) == [6, 4, 18, 12]


def test_each_kind_is_asked_as_often_as_planned_in_every_repeat() -> None:
    parts = PLAN.split(CORPUS)
    asked = PLAN.queries(parts, "test")
    assert len(asked) == 3 * (12 + 7) * 2 * 2
    assert len({query.id for query in asked}) == len(asked)
    for repeat in range(3):
        of_repeat = [query for query in asked if query.repeat == repeat]
        assert sum(query.indexed for query in of_repeat) == 12 * 2 * 2
        assert sum(not query.indexed for query in of_repeat) == 7 * 2 * 2
    assert {query.track for query in asked if query.indexed} <= set(parts.test_indexed)
    assert {query.track for query in asked if not query.indexed} <= set(parts.test_left_out)
    assert {query.clip_s for query in asked} == {3.0, 8.0}
    assert {query.condition.name for query in asked} == {"clean", "white-0db"}
    assert min(query.track.duration_s for query in asked) >= PLAN.longest_s == 8.0


def test_calibration_asks_its_own_tracks_alone() -> None:
    parts = PLAN.split(CORPUS)
    tracks = {query.track for query in PLAN.queries(parts, "calibration")}
    assert tracks <= {*parts.calibration_indexed, *parts.calibration_left_out}


def test_repeats_take_the_seeds_that_follow() -> None:
    parts = PLAN.split(CORPUS)
    asked = PLAN.queries(parts, "test")
    assert {PLAN.seed_of(query) - query.repeat for query in asked} == {3}
    # Which tracks are asked once more follows from the seed of the repeat.
    once_more = [
        tuple(query.track.id for query in asked if query.repeat == repeat) for repeat in range(3)
    ]
    assert len(set(once_more)) == 3


def test_a_repeat_is_asked_as_a_plan_with_its_seed_asks() -> None:
    parts = PLAN.split(CORPUS)
    asked = PLAN.queries(parts, "test")
    for repeat in range(3):
        alone = replace(PLAN, seed=3 + repeat, repeats=1).queries(parts, "test")
        of_repeat = [query.drawn_as for query in asked if query.repeat == repeat]
        assert of_repeat == [query.drawn_as for query in alone]
