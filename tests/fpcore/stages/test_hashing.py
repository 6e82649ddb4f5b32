"""Tokens: nothing is lost, wrapped or shared, and what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.config import FingerprintConfig, PairsConfig, SpectrogramConfig
from fpcore.records import Landmarks
from fpcore.stages import hashing
from tests.fpcore.synthetic import CLASSIC, LEAN, SMALL

TINY = FingerprintConfig(
    sample_rate_hz=8000,
    spectrogram=SpectrogramConfig(n_fft=64, hop_length=64, min_hz=500.0, max_hz=1500.0),
    pairs=PairsConfig(max_delta_s=0.04),
)
"""Few enough tokens to try every one."""


@st.composite
def _triples(draw: st.DrawFn) -> tuple[FingerprintConfig, list[np.ndarray]]:
    config = draw(st.sampled_from([CLASSIC, LEAN, SMALL, TINY]))
    bins = st.integers(config.first_bin, config.first_bin + config.n_bins - 1)
    rows = draw(st.lists(st.tuples(bins, bins, st.integers(0, config.max_delta_frames))))
    return config, list(np.array(rows, np.int32).reshape(-1, 3).T)


@settings(deadline=None)
@given(_triples())
def test_tokens_and_texts_give_back_their_triples(
    drawn: tuple[FingerprintConfig, list[np.ndarray]],
) -> None:
    config, triples = drawn
    tokens = hashing.pack(*triples, config)
    assert tokens.dtype == np.int64
    assert ((tokens >= 0) & (tokens < config.n_tokens)).all()
    for column, original in zip(hashing.unpack(tokens, config), triples, strict=True):
        assert column.dtype == np.int32
        np.testing.assert_array_equal(column, original)
    texts = hashing.to_text(tokens, config)
    assert texts == [f"{f1}|{f2}|{dt}" for f1, f2, dt in zip(*triples, strict=True)]
    np.testing.assert_array_equal(hashing.from_text(texts, config), tokens)


def test_every_combination_has_a_token_of_its_own_and_none_is_wasted() -> None:
    first, last = TINY.first_bin, TINY.first_bin + TINY.n_bins - 1
    assert (first, last, TINY.max_delta_frames) == (4, 12, 5)
    grid = np.meshgrid(np.arange(4, 13), np.arange(4, 13), np.arange(6), indexing="ij")
    tokens = hashing.pack(*(axis.ravel().astype(np.int32) for axis in grid), TINY)
    np.testing.assert_array_equal(tokens, np.arange(TINY.n_tokens))


def test_the_largest_token_of_a_huge_space_does_not_wrap() -> None:
    config = FingerprintConfig(
        sample_rate_hz=192000,
        spectrogram=SpectrogramConfig(n_fft=65536, hop_length=1),
        pairs=PairsConfig(max_delta_s=10.0),
    )
    assert config.n_tokens > 2**50
    last = [np.array([32768], np.int32), np.array([32768], np.int32)]
    delta = np.array([config.max_delta_frames], np.int32)
    token = hashing.pack(*last, delta, config)
    assert token.tolist() == [config.n_tokens - 1]
    assert [column.tolist() for column in hashing.unpack(token, config)] == [
        [32768],
        [32768],
        [config.max_delta_frames],
    ]


BINS = r"must lie in range\(9\), counted from bin 4"
DELTAS = r"must lie in range\(6\)"


@pytest.mark.parametrize(
    ("triple", "message"),
    [
        ((3, 5, 0), f"f1 {BINS}, got -1 to 1"),
        ((13, 5, 0), f"f1 {BINS}, got 1 to 9"),
        ((5, 3, 0), f"f2 {BINS}, got -1 to 1"),
        ((5, 13, 0), f"f2 {BINS}, got 1 to 9"),
        ((5, 5, -1), f"dt {DELTAS}, got -1 to 0"),
        ((5, 5, 6), f"dt {DELTAS}, got 0 to 6"),
    ],
)
def test_what_lies_outside_the_configuration_is_refused(
    triple: tuple[int, int, int], message: str
) -> None:
    columns = [np.array([5, value, 5], np.int32) for value in triple[:2]]
    delta = np.array([0, triple[2], 0], np.int32)
    with pytest.raises(ValueError, match=f"^{message}$"):
        hashing.pack(*columns, delta, TINY)
    with pytest.raises(ValueError, match=f"^{message}$"):
        hashing.from_text(["5|5|0", "|".join(map(str, triple))], TINY)
    found = Landmarks(np.zeros(3, np.int32), *columns, delta)
    with pytest.raises(ValueError, match=f"^{message}$"):
        hashing.hashes(found, TINY)


def test_the_text_that_is_not_three_numbers_is_named() -> None:
    with pytest.raises(ValueError, match=r"^a token reads f1\|f2\|dt, got '5\|5'$"):
        hashing.from_text(["5|5|0", "5|5", "5"], TINY)


@pytest.mark.parametrize(
    "texts",
    [
        ["5|5"],
        ["5|5|0|5|5|0"],
        ["5", "5", "0"],
        ["5|5|0", "5|5"],
        ["five|5|0"],
        [""],
        ["5|5|"],
        ["99999999999|5|0"],
    ],
)
def test_text_that_is_no_token_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError):
        hashing.from_text(texts, TINY)


def test_no_tokens_have_no_texts() -> None:
    empty = np.empty(0, np.int64)
    assert hashing.to_text(empty, TINY) == []
    assert hashing.from_text([], TINY).tolist() == []
    assert hashing.from_text([], TINY).dtype == np.int64


def test_hashes_stand_at_their_anchors_in_the_landmarks_order() -> None:
    found = Landmarks(
        np.array([3, 3, 9], np.int32),
        np.array([4, 4, 12], np.int32),
        np.array([7, 12, 5], np.int32),
        np.array([0, 5, 1], np.int32),
    )
    got = hashing.hashes(found, TINY)
    assert got.frame.tolist() == [3, 3, 9]
    assert hashing.to_text(got.token, TINY) == ["4|7|0", "4|12|5", "12|5|1"]


def test_the_radix_is_the_documented_one() -> None:
    f1, f2, dt = (np.array([n], np.int32) for n in (10, 6, 2))
    assert hashing.pack(f1, f2, dt, TINY).tolist() == [((10 - 4) * 9 + (6 - 4)) * 6 + 2]
