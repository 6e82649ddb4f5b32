"""Generators of random numbers: each belongs to its names, and is the same everywhere."""

from __future__ import annotations

from experiments.seeds import seeded_rng


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
