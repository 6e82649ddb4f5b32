"""Laws and growth against samples whose law is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.studies.false_alarms.gumbel import (
    WATCHED_SHARE,
    by_size,
    growth,
    law_of,
    watched_level,
)

N_WORKS, N_OF_WORK = 20, 15


def rows(log_odds: dict[int, np.ndarray], *, kind: str = "surrogates") -> pd.DataFrame:
    """Return rows of strangers at each size; the log-odds are of works times queries."""
    parts = []
    for times, values in log_odds.items():
        work = np.repeat(np.arange(N_WORKS), N_OF_WORK)
        parts.append(
            pd.DataFrame(
                {
                    "times": times,
                    "n_songs": 171 * times,
                    "kind": "real" if times == 1 else kind,
                    "query": [f"q{number}" for number in range(len(values))],
                    "work": [f"w{number}" for number in work],
                    "indexed": False,
                    "log_odds": values,
                    "accepted": values >= 0,
                    "right": False,
                }
            )
        )
    return pd.concat(parts)


def test_the_law_of_draws_is_that_they_were_drawn_from() -> None:
    draws = np.random.default_rng(0).gumbel(-4.0, 1.5, 20_000)
    law = law_of(np.append(draws, -np.inf))
    # Standard errors of a fit to all are about scale / sqrt(n); half of them give less than twice.
    assert law.location == pytest.approx(-4.0, abs=8 * 1.5 / math.sqrt(20_000))
    assert law.scale == pytest.approx(1.5, abs=8 * 1.5 / math.sqrt(20_000))
    assert law.share_above(0.0) == pytest.approx(1 - math.exp(-math.exp(-4.0 / 1.5)), abs=0.01)


def test_the_law_is_that_of_the_tail_whatever_is_far_below() -> None:
    draws = np.random.default_rng(0).gumbel(-4.0, 1.5, 20_000)
    lower = draws < np.median(draws)
    skewed = np.where(lower, 5 * draws, draws)
    without_hits = np.where(lower, -np.inf, draws)
    assert law_of(skewed).scale == pytest.approx(law_of(draws).scale, rel=1e-3)
    assert law_of(without_hits).scale == pytest.approx(law_of(draws).scale, rel=1e-3)


@pytest.mark.parametrize(
    "values", [[], [1.0], [2.0, 2.0, -np.inf], [-np.inf, -np.inf], [1.0, 2.0, 2.0]]
)
def test_a_law_needs_two_values_in_the_upper_half(values: list[float]) -> None:
    with pytest.raises(ValueError, match=f"got . of {len(values)}: ask more"):
        law_of(np.array(values))


def test_the_likeliest_of_independent_songs_grows_as_the_law_says() -> None:
    rng = np.random.default_rng(1)
    n = N_WORKS * N_OF_WORK
    largest = {}
    best = np.full(n, -np.inf)
    held = 0
    for times in (1, 10, 100):
        more = rng.exponential(1.3, (n, 20 * times - held)) - 9
        best = np.maximum(best, more.max(axis=1))
        held, largest[times] = 20 * times, best.copy()
    found = growth(rows(largest), rng)
    assert found.low < 1.3 * math.log(10) < found.high
    # A maximum of exponential draws follows a Gumbel law of the same scale.
    assert law_of(largest[100]).independent_growth == pytest.approx(1.3 * math.log(10), rel=0.2)


def test_what_does_not_grow_is_seen_not_to() -> None:
    rng = np.random.default_rng(2)
    of_query = rng.normal(-5, 2, N_WORKS * N_OF_WORK)
    noisy = {times: of_query + rng.normal(0, 0.5, len(of_query)) for times in (1, 10, 100)}
    found = growth(rows(noisy), rng)
    assert found.low < 0 < found.high
    assert found.high - found.low < 0.2
    alone = rows({1: of_query + 50}).assign(kind="surrogates alone")
    again = growth(pd.concat([rows(noisy), alone]), np.random.default_rng(3))
    assert again.per_tenfold == found.per_tenfold


def test_queries_of_one_work_that_grow_alike_widen_the_interval() -> None:
    rng = np.random.default_rng(4)
    start = np.zeros(N_WORKS * N_OF_WORK)
    slopes = rng.normal(0, 1, N_WORKS)
    alike = growth(rows({1: start, 10: np.repeat(slopes, N_OF_WORK)}), rng)
    apart = growth(rows({1: start, 10: rng.normal(0, 1, len(start))}), rng)
    # 15 that are alike tell as much as one: the square root of 15, 3.9 times as wide, but for
    # the chance of 20 works. Without regard to works it would be once.
    assert 2 < (alike.high - alike.low) / (apart.high - apart.low) < 8


def test_a_stranger_without_any_hit_is_left_out_of_growth_but_counted() -> None:
    values = {1: np.arange(300.0) - 299.5, 10: np.arange(300.0) - 298.5}
    values[1][0] = -np.inf
    table = rows(values)
    assert growth(table, np.random.default_rng(0)).per_tenfold == pytest.approx(1.0)
    one, ten = by_size(table)
    assert (one.false_alarms.n_right, one.false_alarms.n) == (0, 300)
    assert (ten.false_alarms.n_right, ten.false_alarms.n) == (1, 300)


def test_growth_needs_two_sizes() -> None:
    with pytest.raises(ValueError, match="two sizes"):
        growth(rows({1: np.zeros(300)}), np.random.default_rng(0))


def test_sizes_tell_shares_of_strangers_and_of_known_songs() -> None:
    table = rows({1: np.arange(300.0) - 300, 10: np.arange(300.0) - 290})
    known = table.assign(indexed=True, accepted=True, right=table["log_odds"] > -100)
    one, ten = by_size(pd.concat([table, known]))
    assert (one.times, one.kind, one.n_songs) == (1, "real", 171)
    assert (ten.times, ten.kind, ten.n_songs) == (10, "surrogates", 1710)
    assert ten.false_alarms.n_right == 10
    assert one.watched.share == pytest.approx(WATCHED_SHARE, abs=1 / 300)
    assert ten.watched.n_right == one.watched.n_right + 10
    assert watched_level(table) == -16
    assert (one.accepted_right.n_right, ten.accepted_right.n_right) == (99, 109)
    assert ten.law.location == pytest.approx(one.law.location + 10, abs=0.01)
