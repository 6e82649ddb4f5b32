"""Sorts of whole numbers by packed keys, in place of sorts by index.

Sorting numbers takes a tenth of the time of finding the order that sorts them. So where two
numbers fit into `KEY_BITS` bits they are packed into one and sorted as one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpcore.records import LongArray

KEY_BITS = 63
"""What an int64 holds beside its sign."""


def distinct(values: LongArray) -> LongArray:
    """Return the distinct ones of values int64 (n,), ascending, as `numpy.unique` does.

    >>> distinct(np.array([7, 3, 7]))
    array([3, 7])
    """
    ascending = np.sort(values)
    is_first = np.ones(len(ascending), np.bool_)
    is_first[1:] = ascending[1:] != ascending[:-1]
    return ascending[is_first]


def stable_order(values: LongArray) -> LongArray:
    """Return the order, int64 (n,), that sorts values >= 0 int64 (n,), equal ones as they stand."""
    n_bits = len(values).bit_length()
    if not _fits(values, n_bits):
        return np.argsort(values, kind="stable")
    keys = np.sort((values << n_bits) | np.arange(len(values)))
    order: LongArray = keys & ((1 << n_bits) - 1)
    return order


def distinct_pairs(
    first: LongArray, second: NDArray[np.signedinteger]
) -> tuple[LongArray, LongArray]:
    """Return the distinct pairs of values >= 0 (n,), sorted by the first and then the second.

    >>> distinct_pairs(np.array([2, 1, 2]), np.array([5, 9, 5]))
    (array([1, 2]), array([9, 5]))
    """
    n_bits = int(second.max(initial=0)).bit_length()
    if not _fits(first, n_bits):
        pairs = np.unique(np.stack([first, second.astype(np.int64)], axis=1), axis=0)
        return pairs[:, 0], pairs[:, 1]
    keys = distinct((first << n_bits) | second)
    return keys >> n_bits, keys & ((1 << n_bits) - 1)


def _fits(values: LongArray, n_bits: int) -> bool:
    """Whether so many bits can be put below each of the values."""
    return int(values.max(initial=0)).bit_length() + n_bits <= KEY_BITS
