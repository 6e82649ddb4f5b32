"""Verdicts on answers: the right work, and the place or an exact repeat of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.corpora import Corpus
from experiments.evaluation.verdicts import is_right, sounds_the_same
from fpcore.records import Signal


def test_no_answer_is_never_right_and_a_variant_of_the_work_is(source: Corpus) -> None:
    first, second = source.tracks[:2]
    variant = replace(source, tracks=(first, second.model_copy(update={"work": first.work})))
    assert is_right(variant, first.id, first)
    assert is_right(variant, second.id, first)
    assert not is_right(source, second.id, first)
    assert not is_right(source, "", first)


def test_a_passage_is_the_same_where_its_samples_come_again_within_50_ms() -> None:
    rate_hz = 8000
    rng = np.random.default_rng(5)
    bar, other = rng.standard_normal((2, rate_hz)).astype(np.float32)
    song = Signal(np.concatenate([bar, other, 0.5 * bar, np.zeros(rate_hz, np.float32)]), rate_hz)

    def same(offset_s: float) -> bool:
        return sounds_the_same(bar, song, offset_s)

    assert same(0.0)
    assert same(-0.04)
    assert same(2.0)  # repeated at half the level
    assert same(2.049)
    assert not same(2.06)
    assert not same(1.0)
    assert not same(3.0)  # silence
    assert not same(60.0)  # past the end
    assert not same(-60.0)


@pytest.mark.parametrize("level", [1.0, 1e-4])
def test_a_passage_is_sought_to_the_sample_at_any_level(level: float) -> None:
    """Its first and its last place within 50 ms, at the song's beginning and at its end."""
    rate_hz = 8000
    reach, sample = 0.05, 1 / rate_hz
    bar, *others = (np.random.default_rng(7).standard_normal((5, rate_hz)) * level).astype(
        np.float32
    )
    song = Signal(np.concatenate([bar, *others[:2], bar]), rate_hz)
    for place_s in (0.0, 3.0):
        for way in (-1, 1):
            assert sounds_the_same(bar, song, place_s + way * reach)
            assert not sounds_the_same(bar, song, place_s + way * (reach + sample))
    assert not sounds_the_same(others[3], song, 1.5)


@pytest.mark.parametrize(("correlation", "same"), [(0.85, False), (0.95, True)])
def test_a_passage_with_something_else_over_it_is_not_the_same(
    correlation: float, same: bool
) -> None:
    """A refrain with another voice over it correlates, but is not what was asked."""
    rate_hz = 8000
    rng = np.random.default_rng(6)
    clip, other = rng.standard_normal((2, 4 * rate_hz))
    mixed = correlation * clip + np.sqrt(1 - correlation**2) * other
    song = Signal(mixed.astype(np.float32), rate_hz)
    # Of 32,000 samples of noise the correlation is known to about 0.005.
    assert sounds_the_same(clip.astype(np.float32), song, 0.0) is same
