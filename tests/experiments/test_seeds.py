"""Random generators follow from their seed and names alone, on every machine."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.seeds import seeded_rng


def test_the_numbers_of_a_name_never_change() -> None:
    # Every corpus, split and query that was ever drawn rests on these.
    drawn = seeded_rng(0, "excerpts", "song-0001").integers(2**32, size=3).tolist()
    assert drawn == [3276822830, 2828032501, 2638290170]


def test_numbers_do_not_depend_on_what_was_drawn_before() -> None:
    expected = seeded_rng(3, "a").random()
    seeded_rng(3, "b").random(1000)
    assert seeded_rng(3, "a").random() == expected


@pytest.mark.parametrize(
    "names",
    [(1, "a", "b"), (0, "b", "a"), (0, "ab"), (0, "a", "b", ""), (0, '"a","b"'), (0, "a", 1)],
)
def test_other_seeds_and_names_give_other_numbers(names: tuple[int, str]) -> None:
    mine, others = seeded_rng(0, "a", "b").random(1000), seeded_rng(*names).random(1000)
    # Independent uniform numbers are correlated by less than 0.1 in 99.8% of all cases.
    assert abs(np.corrcoef(mine, others)[0, 1]) < 0.1


def test_a_number_is_no_text() -> None:
    assert seeded_rng(0, 1).random() != seeded_rng(0, "1").random()


def test_generators_belong_to_names_not_to_the_order_of_making() -> None:
    first = [seeded_rng(1, "x", name).integers(2**63) for name in "abc"]
    second = [seeded_rng(1, "x", name).integers(2**63) for name in "cba"]
    assert first == second[::-1]
    assert len(set(first)) == 3


def test_names_that_join_to_the_same_text_have_different_generators() -> None:
    draws = {
        seeded_rng(1, *names).integers(2**63)
        for names in [("ab", "c"), ("a", "bc"), ("abc",), ("ab,c",), ("a", "b", "c"), (1, "abc")]
    }
    assert len(draws) == 6


def test_a_generator_is_the_same_on_every_machine() -> None:
    rng = seeded_rng(2026, "excerpts", "caf\u00e9/\udcff.ogg")
    assert rng.integers(1000, size=5).tolist() == [863, 634, 386, 652, 568]
