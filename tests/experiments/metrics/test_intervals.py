"""The effective number of rows, against examples worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.metrics.intervals import clustered, wilson


@pytest.mark.parametrize(
    ("right", "clusters", "effective_n"),
    [
        # Rows of a work are all alike: the design effect of 4 is more than rows can give, so
        # they count as alike by 1, drawn to (2 * 1 + 5 * 0.2) / (2 + 5) = 3/7.
        ("1100", "aabb", 4 / (1 + 3 / 7)),
        # Design effect 1.5 of works of three: alike by 0.25, drawn to 1.75 / 8.
        ("111110100", "aaabbbccc", 9 / (1 + 2 * 1.75 / 8)),
        # The same with right and wrong exchanged.
        ("000001011", "aaabbbccc", 9 / (1 + 2 * 1.75 / 8)),
        # Less alike than by chance counts as not alike: drawn to 1 / 8, rows per work 14 / 6.
        ("110100", "aaabbc", 6 / (1 + (14 / 6 - 1) / 8)),
        # Where all or none are right no likeness can be seen: the assumed 0.2.
        ("1111", "aabb", 4 / 1.2),
        ("0000", "aabb", 4 / 1.2),
        # Works of one row each are independent, whatever is assumed.
        ("1010", "abcd", 4.0),
        # One work alone is as one row.
        ("1101", "aaaa", 1.0),
    ],
)
def test_the_interval_is_that_of_the_effective_number_of_rows(
    right: str, clusters: str, effective_n: float
) -> None:
    rows = np.array(list(right)) == "1"
    found = clustered(rows, np.array(list(clusters)))
    assert (found.n_right, found.n, found.share) == (rows.sum(), len(rows), rows.mean())
    expected = wilson(rows.mean() * effective_n, effective_n)
    assert (found.low, found.high) == pytest.approx(expected)
