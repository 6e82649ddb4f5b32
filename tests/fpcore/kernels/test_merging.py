"""Merged postings against the sort of all."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.kernels.merging import merged

RNG = np.random.default_rng(0)


def _columns(songs: list[int], n: int) -> list[tuple[int, int, int]]:
    """Return sorted postings of some songs, of few tokens and frames, so that many are equal."""
    columns = (RNG.integers(0, 9, n), RNG.choice(songs, n), RNG.integers(0, 4, n))
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize(("n_one", "n_other"), [(0, 0), (0, 5), (5, 0), (1, 400), (400, 300)])
def test_merged_postings_are_those_of_both_sorted(n_one: int, n_other: int) -> None:
    of_one, of_other = _columns([0, 3, 4], n_one), _columns([1, 2, 5], n_other)
    one, other = (
        tuple(np.array(rows, np.int64).reshape(-1, 3).T.copy()) for rows in (of_one, of_other)
    )
    found = merged(one, other)
    rows = list(zip(*(column.tolist() for column in found), strict=True))
    assert rows == sorted(of_one + of_other)
