"""A small experiment: its configurations, and what each stores and brings."""

from __future__ import annotations

import pytest
import soundfile

from experiments.corpora import corpus
from experiments.degradations import conditions
from experiments.evaluation.context import Context
from experiments.evaluation.stage_cache import StageCache
from experiments.protocol.plan import Plan
from fpcore import audio, pipeline
from fpcore.profiles import load_profile
from notebooks.lessons.choices import ask_all, postings_per_s, size_and_accuracy, variants
from tests.experiments.corpora.material import QUIET
from tests.fpcore import indexed
from tests.notebooks.lessons.material import outcomes

BASE = load_profile("balanced")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Six pieces of four seconds, asked for two seconds of each without noise."""
    folder = tmp_path_factory.mktemp("choices")
    (folder / "music").mkdir()
    for number in range(6):
        part = indexed.part(0, 4.0 * number, 4.0)
        soundfile.write(folder / "music" / f"{number}.wav", part, indexed.RATE_HZ)
    found = corpus(f"folder:{folder / 'music'}", cache_dir=folder, console=QUIET)
    plan = Plan(conditions(["clean"]), (2.0,), n_indexed=3, n_left_out=0, left_out_share=0.0)
    return Context.of(found, plan, sources={}, cache=StageCache(folder / "stages"))


def test_every_density_is_combined_with_every_fan_out_and_nothing_else_changes() -> None:
    found = variants(BASE, densities=[5, 12.5], fan_outs=[2, 8])
    assert [*found] == ["5 peaks/s × 2", "5 peaks/s × 8", "12.5 peaks/s × 2", "12.5 peaks/s × 8"]
    last = found["12.5 peaks/s × 8"].fingerprint
    assert (last.peaks.max_peaks_per_s, last.pairs.fan_out) == (12.5, 8)
    peaks = BASE.fingerprint.peaks.model_copy(update={"max_peaks_per_s": 12.5})
    pairs = BASE.fingerprint.pairs.model_copy(update={"fan_out": 8})
    expected = BASE.fingerprint.model_copy(update={"peaks": peaks, "pairs": pairs})
    assert last.digest == expected.digest


def test_size_is_counted_over_all_indexed_songs(context: Context) -> None:
    config = BASE.fingerprint
    n_postings, duration_s = 0, 0.0
    for track in context.parts.indexed:
        whole = audio.load(context.corpus.path_of(track), sample_rate_hz=config.sample_rate_hz)
        n_postings += len(pipeline.fingerprint([whole.samples], config).hashes)
        duration_s += whole.duration_s
    assert duration_s == pytest.approx(6 * 4.0)
    assert postings_per_s(context, BASE) == pytest.approx(n_postings / duration_s)


def test_a_configuration_that_is_beaten_in_one_and_better_in_nothing_is_dominated(
    context: Context,
) -> None:
    profiles = variants(BASE, densities=[5, 20], fan_outs=[2, 8])
    right = {"5 peaks/s × 2": 2, "5 peaks/s × 8": 2, "20 peaks/s × 2": 3, "20 peaks/s × 8": 4}
    rows = {
        name: outcomes([("clean", True, number < n, 0.9) for number in range(4)])
        for name, n in right.items()
    }
    table = size_and_accuracy(context, profiles, rows).set_index("configuration")
    assert [*table.index] == [*profiles]
    assert table["n_right"].tolist() == [2, 2, 3, 4]
    assert table["postings_per_s"].idxmin() == "5 peaks/s × 2"
    beaten = table.index[table["dominated"]].tolist()
    # As good as the smallest, and larger.
    assert beaten == ["5 peaks/s × 8"]


def test_all_profiles_are_asked_the_same_queries(context: Context) -> None:
    found = ask_all(context, variants(BASE, densities=[5, 20], fan_outs=[5]))
    first, second = found.values()
    assert first["query"].tolist() == second["query"].tolist()
    assert len(first) == 3
    assert second["right"].all()
