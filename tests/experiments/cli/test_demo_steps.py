"""The steps of the demonstration, on a small corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from experiments.cli import demo_steps as steps
from experiments.corpora import corpus
from experiments.degradations import conditions
from experiments.evaluation.context import Context
from experiments.protocol.plan import Plan
from fpcore import Library
from fpcore.profiles import load_profile
from tests.experiments import small

BALANCED = load_profile("balanced")


@pytest.fixture(scope="module")
def context(workbench: Path) -> Context:
    plan = Plan(conditions(["clean", "white-0db"]), (5.0,), 1, 1, left_out_share=0.5)
    return steps.with_more_clips(Context.of(corpus(small.CORPUS), plan))


def test_every_test_track_is_asked_a_few_times_and_timed(context: Context) -> None:
    indexed, left_out = context.parts.half("test")
    asked = context.queries("test")
    for tracks, is_indexed in ((indexed, True), (left_out, False)):
        of_kind = [query for query in asked if query.indexed == is_indexed]
        assert len(of_kind) == steps.CLIPS_PER_TRACK * len(tracks) * 2
        assert {query.track for query in of_kind} == set(tracks)
    assert not context.keeps_queries


def test_indexed_tracks_are_learned_once_under_their_ids(context: Context, tmp_path: Path) -> None:
    database = steps.database_of(BALANCED, tmp_path / "demo")
    first = list(steps.learn(context, BALANCED, database))
    assert [one.song.name for one in first] == [track.id for track in context.parts.indexed]
    with Library.open(database, BALANCED) as library:
        before = library.store.stats().n_postings
    again = list(steps.learn(context, BALANCED, database))
    assert [one.song for one in again] == [one.song for one in first]
    with Library.open(database, BALANCED) as library:
        assert library.store.stats().n_postings == before > 0


def test_every_fingerprint_has_a_database_of_its_own(tmp_path: Path) -> None:
    seed = load_profile("seed")
    assert steps.database_of(BALANCED, tmp_path) != steps.database_of(seed, tmp_path)
    undecided = BALANCED.model_copy(update={"decision": seed.decision})
    assert steps.database_of(undecided, tmp_path) == steps.database_of(BALANCED, tmp_path)


def test_the_table_counts_each_condition_in_the_order_of_the_rows() -> None:
    rows = pd.DataFrame(
        [
            ("noise", True, True, 0.9, 0.010),
            ("noise", True, True, 0.4, 0.020),  # right, but not named
            ("noise", True, False, 0.5, 0.030),  # a probability equal to the threshold is named
            ("noise", False, False, 0.1, 0.040),
            ("clean", True, True, 0.9, 0.010),
            ("clean", False, False, 0.7, 0.030),
        ],
        columns=["condition", "indexed", "right", "probability", "align_s"],
    ).assign(fingerprint_s=0.001, lookup_s=0.002)
    found = steps.table(rows, 0.5)
    assert found.columns.tolist() == [
        "condition", "clips", "right", "wrong", "rejected", "unknown_clips", "unknown_named",
        "median_ms",
    ]  # fmt: skip
    noise, clean = found.drop(columns="median_ms").to_numpy().tolist()
    assert noise == ["noise", 3, 1, 1, 1, 1, 0]
    assert clean == ["clean", 1, 1, 0, 0, 1, 1]
    assert found["median_ms"].tolist() == pytest.approx([28.0, 23.0])


def test_a_clip_is_written_as_it_is_heard_without_clipping(
    context: Context, tmp_path: Path
) -> None:
    [query, *_] = [one for one in context.queries("test") if one.condition.name == "white-0db"]
    path = steps.write_clip(context, BALANCED, query, tmp_path)
    samples, rate_hz = soundfile.read(path)
    [clip] = context.clips([query], BALANCED.fingerprint)
    heard = context.recording(clip)
    assert (rate_hz, len(samples)) == (heard.sample_rate_hz, len(heard.samples))
    peak = max(1.0, float(abs(heard.samples).max()))
    # Half of a step of 16 bits, and what rounding to it may add.
    np.testing.assert_allclose(samples * peak, heard.samples, atol=1e-4 * peak)
