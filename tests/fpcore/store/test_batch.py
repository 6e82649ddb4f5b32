"""Songs made ready to be written: their postings sorted, without repeats, and in range."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fpcore.config import FingerprintConfig
from fpcore.records import LongArray
from fpcore.store.batch import Batch
from fpcore.store.codec import decode_constellation
from tests.fpcore.store.material import PACKED, entry, hashes, postings_of

SEEDS = (3, 1, 2)


def _with_hashes(*pairs: tuple[int, int]) -> Batch:
    song, _, peaks = entry(1)
    return Batch.of([(song, hashes(*pairs), peaks)], PACKED)


def _as_integers(tokens: LongArray) -> list[int]:
    integers: list[int] = tokens.tolist()
    return integers


def test_postings_of_all_songs_are_sorted_without_repeats() -> None:
    batch = Batch.of([entry(seed) for seed in SEEDS], PACKED)
    expected = sorted(
        (token, number, frame)
        for number, seed in enumerate(SEEDS)
        for token, frame in postings_of(entry(seed)[1])
    )
    columns = (batch.token.tolist(), batch.number.tolist(), batch.frame.tolist())
    assert list(zip(*columns, strict=True)) == expected
    assert batch.n_fingerprints == [len(postings_of(entry(seed)[1])) for seed in SEEDS]


def test_repeated_postings_count_once() -> None:
    batch = _with_hashes((7, 2), (7, 1), (7, 2), (5, 2))
    assert (batch.token.tolist(), batch.frame.tolist()) == ([5, 7, 7], [2, 1, 2])
    assert batch.n_fingerprints == [3]


def test_each_song_has_its_tokens_and_peaks_beside_it() -> None:
    batch = Batch.of([entry(seed) for seed in SEEDS], PACKED)
    for number, seed in enumerate(SEEDS):
        song, its_hashes, peaks = entry(seed)
        assert batch.songs[number] == song
        tokens = np.cumsum(json.loads(batch.token_list(number)))
        assert tokens.tolist() == np.unique(its_hashes.token).tolist()
        stored = decode_constellation(batch.constellations[number])
        assert stored.frame.tolist() == peaks.frame.tolist()


def test_rows_are_those_of_new_songs_in_the_order_of_packed_tokens() -> None:
    batch = Batch.of([entry(seed) for seed in SEEDS], PACKED)
    rows = list(batch.rows(np.array([20, -1, 0]), _as_integers))
    assert {(song_id, token, frame) for token, song_id, frame in rows} == {
        (song_id, token, frame)
        for song_id, seed in ((20, 3), (0, 2))
        for token, frame in postings_of(entry(seed)[1])
    }
    tokens = [token for token, _, _ in rows]
    assert tokens == sorted(tokens)


def test_tokens_are_written_in_the_form_that_is_asked_for() -> None:
    batch = _with_hashes((7, 1), (5, 2))
    rows = batch.rows(np.array([4]), lambda tokens: [f"<{token}>" for token in tokens])
    assert list(rows) == [("<5>", 4, 2), ("<7>", 4, 1)]


def test_no_songs_make_an_empty_batch() -> None:
    batch = Batch.of([], PACKED)
    assert (batch.songs, batch.n_fingerprints, len(batch.token)) == ([], [], 0)
    assert list(batch.rows(np.empty(0, np.int64), _as_integers)) == []


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        ((-1, 0), r"every token must lie in \[0, \d+\), got -1 to 1"),
        ((PACKED.n_tokens, 0), r"every token must lie in \[0, \d+\), got 1 to \d+"),
        ((0, -1), r"every frame must lie in \[0, 2147483647\), got -1 to 1"),
        ((0, 2**31 - 1), "every frame must lie in .* another configuration"),
    ],
)
def test_what_is_out_of_range_is_named_with_the_range(pair: tuple[int, int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        _with_hashes((1, 1), pair)


def test_the_range_of_tokens_is_that_of_the_configuration() -> None:
    narrow = FingerprintConfig.model_validate({"spectrogram": {"min_hz": 200.0, "max_hz": 1000.0}})
    song, _, peaks = entry(1)
    highest = hashes((narrow.n_tokens - 1, 0))
    assert Batch.of([(song, highest, peaks)], narrow).n_fingerprints == [1]
    with pytest.raises(ValueError, match="every token"):
        Batch.of([(song, hashes((narrow.n_tokens, 0)), peaks)], narrow)
