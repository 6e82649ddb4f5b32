"""Songs as a store takes them, and figures about tokens, whatever the engine."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore.errors import StoreError
from fpcore.records import Cut
from fpcore.store import JSON, CheckReport, NewSong, TokenStats
from fpcore.store.base import is_deeper


@pytest.mark.parametrize("field", ["name", "checksum"])
def test_a_name_or_checksum_with_nul_is_refused(field: str) -> None:
    texts = {"name": "n", "checksum": "c", field: "before\0after"}
    with pytest.raises(StoreError, match=f"{field} 'before.x00after' holds a NUL"):
        NewSong(texts["name"], texts["checksum"], 1.0)


def test_a_name_with_half_a_character_is_refused() -> None:
    with pytest.raises(StoreError, match="not valid Unicode"):
        NewSong("undecodable \udcff", "c", 1.0)


@pytest.mark.parametrize("duration_s", [-1.0, math.nan, math.inf])
def test_an_impossible_duration_is_refused(duration_s: float) -> None:
    with pytest.raises(StoreError, match="duration of 'n'"):
        NewSong("n", "c", duration_s)


def test_an_empty_checksum_is_refused() -> None:
    with pytest.raises(StoreError, match="empty checksum"):
        NewSong("n", "", 1.0)


@pytest.mark.parametrize("depth", [1, 32, 33, 5000])
def test_metadata_is_nested_as_deep_as_every_program_can_write(depth: int) -> None:
    value: JSON = 1
    for level in range(depth - 1):
        value = {"a": value} if level % 2 else [value]
    metadata: dict[str, JSON] = {"top": value}
    if depth <= 32:
        assert NewSong("n", "c", 1.0, metadata).metadata == metadata
    else:
        with pytest.raises(StoreError, match="metadata of 'n' is nested more than 32 levels"):
            NewSong("n", "c", 1.0, metadata)


@pytest.mark.parametrize("value", [math.nan, object(), {1, 2}], ids=["NaN", "object", "set"])
def test_metadata_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(StoreError, match="metadata of 'n' is not JSON"):
        NewSong("n", "c", 1.0, {"key": value})  # type: ignore[dict-item]


def test_a_name_may_be_any_other_text_and_a_song_of_no_length() -> None:
    song = NewSong("'; DROP TABLE songs; -- 🎸\n", "c", 0.0)
    assert (song.name, song.duration_s, song.metadata) == ("'; DROP TABLE songs; -- 🎸\n", 0.0, {})


@pytest.mark.parametrize(
    ("value", "depth"),
    [
        (1, 0),
        ("[[[", 0),
        ([], 1),
        ({}, 1),
        ([1, {"a": 2}], 2),
        ({"a": 1, "b": [[]]}, 3),
        (([],), 2),
    ],
)
def test_depth_counts_lists_and_objects_in_each_other(value: object, depth: int) -> None:
    assert not is_deeper(value, depth)
    assert not depth or is_deeper(value, depth - 1)


token_counts = st.dictionaries(st.integers(1, 50), st.integers(1, 9), min_size=1, max_size=8)


@given(token_counts, st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
def test_a_quantile_is_the_least_number_that_the_share_of_tokens_does_not_exceed(
    n_tokens_of: dict[int, int], share: float
) -> None:
    counts = sorted(n_tokens_of)
    stats = TokenStats(np.array(counts), np.array([n_tokens_of[n] for n in counts]), hottest=())
    every = np.repeat(stats.n_postings, stats.n_tokens)
    assert stats.n_distinct_tokens == len(every)
    expected = next(n for n in counts if np.mean(every <= n) >= share)
    assert stats.quantile(share) == expected


@pytest.mark.parametrize("share", [-0.1, 1.5, math.nan])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    stats = TokenStats(np.array([1]), np.array([1]), hottest=())
    with pytest.raises(ValueError, match=r"share must lie in \[0, 1\]"):
        stats.quantile(share)


def test_without_tokens_every_quantile_is_0() -> None:
    nothing = np.empty(0, np.int64)
    assert TokenStats(nothing, nothing, hottest=()).quantile(0.5) == 0


def test_a_report_is_good_without_problems_only() -> None:
    assert CheckReport(()).ok
    assert not CheckReport(("song 1 has no row in song_tokens",)).ok


@pytest.mark.parametrize("stated_s", [math.inf, math.nan])
def test_the_length_that_a_song_states_is_a_number(stated_s: float) -> None:
    with pytest.raises(StoreError, match="the length that 'n' states must be finite"):
        NewSong("n", "c", 1.0, cut=Cut(1.0, stated_s))
