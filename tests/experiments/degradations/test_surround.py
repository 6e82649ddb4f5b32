"""Fades, and other sound before, after and in the middle of an excerpt."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.degradations import degrade
from experiments.degradations.config import Fade, Pink, Surround, White
from experiments.degradations.levels import active_level_db
from fpcore.records import Signal

RATE_HZ = 22050


def _degraded(signal: Signal, step: Fade | Surround) -> Signal:
    return degrade(signal, [step], rng=np.random.default_rng(3))


@pytest.mark.parametrize("filling", [None, White(snr_db=0)], ids=["silence", "noise"])
@pytest.mark.parametrize(
    ("before_s", "between_s", "after_s"), [(2.0, 0.0, 0.0), (0.0, 1.5, 3.0), (0.5, 0.25, 1.0)]
)
def test_the_excerpt_is_unchanged_where_it_stands(
    tune: Signal, filling: White | None, before_s: float, between_s: float, after_s: float
) -> None:
    how = Surround(before_s=before_s, between_s=between_s, after_s=after_s, filling=filling)
    heard = _degraded(tune, how).samples
    n, half = len(tune.samples), (len(tune.samples) + 1) // 2
    start = round(before_s * RATE_HZ)
    second = start + half + round(between_s * RATE_HZ)
    assert len(heard) == n + sum(round(s * RATE_HZ) for s in (before_s, between_s, after_s))
    np.testing.assert_array_equal(heard[start : start + half], tune.samples[:half])
    np.testing.assert_array_equal(heard[second : second + n - half], tune.samples[half:])
    others = np.delete(heard, np.r_[start : start + half, second : second + n - half])
    assert np.any(others) == (filling is not None)


@pytest.mark.parametrize("snr_db", [0.0, 10.0])
def test_the_other_sound_is_softer_by_its_ratio(tune: Signal, snr_db: float) -> None:
    heard = _degraded(tune, Surround(after_s=5.0, filling=Pink(snr_db=snr_db)))
    other = Signal(heard.samples[len(tune.samples) :], RATE_HZ)
    apart_db = active_level_db(tune) - active_level_db(other)
    assert apart_db == pytest.approx(snr_db, abs=1.0)


def test_a_fade_is_even_and_meets_in_the_middle_of_a_short_signal() -> None:
    ones = Signal(np.ones(8, np.float32), 1)
    rising = _degraded(ones, Fade(in_s=4)).samples
    assert rising.tolist() == [0.125, 0.375, 0.625, 0.875, 1, 1, 1, 1]
    both = _degraded(ones, Fade(in_s=30, out_s=10)).samples
    assert np.argmax(both) == 5
    assert both[:6].tolist() == pytest.approx([(i + 0.5) / 6 for i in range(6)])
    assert both[6:].tolist() == [0.75, 0.25]
