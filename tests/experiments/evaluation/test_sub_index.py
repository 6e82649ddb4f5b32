"""Parts of an index: they answer as an index of these songs alone would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from experiments.evaluation.sub_index import SIZES, PartOfIndex, Remembered, random_part
from fpcore import pipeline
from fpcore.records import Constellation, LongArray, Postings
from fpcore.search.passes import passes
from fpcore.store import Index, open_store
from tests.fpcore import indexed
from tests.fpcore.indexed import PROFILE
from tests.fpcore.synthetic import LEAN


def test_a_part_answers_as_an_index_of_its_songs(tmp_path: Path) -> None:
    query = pipeline.query(indexed.excerpt(1, 5.0, 6.0), LEAN, PROFILE.query)
    with (
        indexed.filled(tmp_path / "all.db") as whole,
        indexed.filled(tmp_path / "two.db", n_songs=2) as two,
    ):
        [[of_part]] = passes([query], PartOfIndex(whole, [2, 1]), PROFILE)
        [[of_two]] = passes([query], two, PROFILE)
    assert of_part.matches[0].song_name == "song 1"
    assert of_part.matches == of_two.matches
    for name, values in of_part.evidence.items():
        np.testing.assert_array_equal(values, of_two.evidence[name])


class _Counted:
    """An index that counts its look-ups."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.n_lookups = 0

    def lookup(self, tokens: LongArray) -> Postings:
        self.n_lookups += 1
        return self._index.lookup(tokens)

    def constellations(self, song_ids: Sequence[int]) -> Mapping[int, Constellation]:
        return self._index.constellations(song_ids)

    def names(self, song_ids: Sequence[int]) -> Mapping[int, str]:
        return self._index.names(song_ids)

    def n_songs(self) -> int:
        return self._index.n_songs()


def test_what_was_looked_up_once_is_remembered(tmp_path: Path) -> None:
    queries = [
        pipeline.query(indexed.excerpt(1, start_s, 6.0), LEAN, PROFILE.query)
        for start_s in (5.0, 5.0, 9.0)
    ]
    with indexed.filled(tmp_path / "all.db") as whole:
        counted = _Counted(whole)
        index = Remembered(counted)
        for query in queries:
            [[plain]] = passes([query], whole, PROFILE)
            [[remembered]] = passes([query], index, PROFILE)
            assert remembered.matches == plain.matches
    assert counted.n_lookups == 2


def test_random_parts_are_small_and_hold_what_they_must(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with open_store(tmp_path / "none.db", LEAN, create=True) as whole:
        song_ids = list(range(10, 26))  # 8 are just half of them
        parts = [random_part(whole, song_ids, wanted=17, rng=rng).song_ids for _ in range(60)]
        assert all(17 in part for part in parts)
        without = [random_part(whole, song_ids, wanted=None, rng=rng) for _ in range(60)]
        tiny = random_part(whole, [5], wanted=None, rng=rng)
    sizes = {size for size in SIZES if 2 * size <= len(song_ids)}
    assert {len(part) for part in parts} == {len(part.song_ids) for part in without} == sizes
    assert len({tuple(part.song_ids) for part in without}) > 20
    assert len(tiny.song_ids) == 1


@pytest.mark.parametrize("wanted", [None, 2])
def test_a_random_part_looks_up_in_the_whole_index(tmp_path: Path, wanted: int | None) -> None:
    rng = np.random.default_rng(1)
    with indexed.filled(tmp_path / "all.db") as whole:
        part = random_part(whole, [1, 2, 3], wanted=wanted, rng=rng)
        [song_id] = part.song_ids.tolist()
        assert part.n_songs() == 1
        assert part.names([song_id]) == {song_id: f"song {song_id - 1}"}
