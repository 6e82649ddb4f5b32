"""Packed sorts against those of Python, with numbers that fit into a key and that do not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fpcore.kernels import packed_sort

small = st.integers(0, 3)
tokens = small | st.integers(0, 2**40) | st.integers(2**62 - 2, 2**62)


@given(st.lists(st.integers(-5, 2**40) | small, max_size=40))
def test_distinct_values_ascend(values: list[int]) -> None:
    assert packed_sort.distinct(np.array(values, np.int64)).tolist() == sorted(set(values))


@given(st.lists(tokens, max_size=40))
def test_equal_values_stay_in_their_order(values: list[int]) -> None:
    order = packed_sort.stable_order(np.array(values, np.int64))
    assert order.dtype == np.int64
    assert order.tolist() == sorted(range(len(values)), key=lambda row: values[row])


@given(st.lists(st.tuples(tokens, small | st.integers(0, 2**31 - 1)), max_size=40))
def test_distinct_pairs_ascend(pairs: list[tuple[int, int]]) -> None:
    first = np.array([one for one, _ in pairs], np.int64)
    second = np.array([other for _, other in pairs], np.int32)
    found = packed_sort.distinct_pairs(first, second)
    assert [column.dtype for column in found] == [np.int64, np.int64]
    assert list(zip(*(column.tolist() for column in found), strict=True)) == sorted(set(pairs))
