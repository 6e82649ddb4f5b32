"""Each song is looked up in one segment, and only where that holds it as it is now."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fpcore.store import open_store, segment_view
from fpcore.store.batch import Batch
from fpcore.store.segment import Segment
from fpcore.store.segment_view import InUse, Songs, View, assigned, lookup, of_no_use
from fpcore.store.segmented import SegmentedLayout
from tests.fpcore.store.material import entry, in_sql, new_store, rows, scan
from tests.fpcore.store.test_segment import octets_of


def _segment(*ids: int) -> Segment:
    """Return a segment whose songs have the keys id * 7."""
    return Segment.of(octets_of({song_id: entry(song_id)[1] for song_id in ids}))


def _songs(*ids: int, last_id: int = 9) -> Songs:
    return Songs(np.array(ids, np.int64), 7 * np.array(ids, np.int64), last_id)


def _lives(in_use: list[InUse]) -> list[list[int]]:
    return [segment.song_id[live].tolist() for segment, live in in_use]


def test_songs_that_several_segments_hold_are_looked_up_in_the_largest() -> None:
    in_use, left = assigned(_songs(1, 2, 3, 4, 6), [_segment(1, 2), _segment(2, 3, 4), _segment(3)])
    assert _lives(in_use) == [[2, 3, 4], [1]]
    assert left.tolist() == [6]


def test_a_song_with_another_key_or_none_is_not_looked_up() -> None:
    songs = Songs(np.array([1, 2], np.int64), np.array([7, 15], np.int64), 2)
    in_use, left = assigned(songs, [_segment(1, 2, 5)])
    assert _lives(in_use) == [[1]]
    assert left.tolist() == [2]
    assert assigned(_songs(), [_segment(1)])[0] == []


def test_of_no_use_are_segments_whose_songs_are_gone_or_elsewhere_but_not_newer_ones() -> None:
    whole, part, gone, newer = _segment(1, 2, 3), _segment(2), _segment(8), _segment(8, 10)
    songs, segments = _songs(1, 2, 3), [whole, part, gone, newer]
    found = of_no_use(songs, segments, assigned(songs, segments)[0])
    assert sorted(map(id, found)) == sorted(map(id, [part, gone]))


def test_postings_of_all_segments_come_by_token() -> None:
    songs = {song_id: entry(song_id)[1] for song_id in (1, 2, 3, 4, 5, 6)}
    in_use, _ = assigned(_songs(1, 3, 4, 5, 6), [_segment(1, 2, 3), _segment(4, 5), _segment(6)])
    tokens = np.unique(np.concatenate([hashes.token for hashes in songs.values()]))[::2]
    found = lookup(in_use, tokens)
    assert rows(found) == scan({i: songs[i] for i in (1, 3, 4, 5, 6)}, tokens)
    assert (np.diff(found.query_row) >= 0).all()
    assert len(set(found.song_id.tolist())) == 5
    shuffled = np.concatenate([tokens[::-1], tokens[:40], [-3, 2**50]])
    assert rows(lookup(in_use, shuffled)) == scan({i: songs[i] for i in (1, 3, 4, 5, 6)}, shuffled)
    for nothing in (lookup([], tokens), lookup(in_use, tokens[:0]), lookup([], tokens[:0])):
        assert len(nothing) == 0


def test_the_state_changes_whenever_songs_come_or_go(tmp_path: object) -> None:
    with new_store(tmp_path / "index.db", layout="segments") as store:  # type: ignore[operator]
        states = set()
        for change in (
            lambda: None,
            lambda: store.add_song(*entry(1)),
            lambda: store.add_song(*entry(2)),
            lambda: store.remove(1),
            store.clear,
        ):
            change()
            with store._pool.reading() as connection:
                states.add(segment_view.state_of(connection))
                songs = segment_view.songs_of(connection)
        assert len(states) == 5
        assert (songs.song_id.tolist(), songs.last_id) == ([], 2)


def test_songs_that_were_written_are_known_without_reading_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_read = 0

    def counted(connection: sqlite3.Connection) -> Songs:
        nonlocal n_read
        n_read += 1
        return read(connection)

    def n_read_after(change: Callable[[], object]) -> int:
        """Return how often all songs are read after a change; the songs must be right."""
        before = n_read
        change()
        with store._pool.reading() as connection:
            known, songs = layout._songs.read(connection), read(connection)
        assert known.song_id.tolist() == songs.song_id.tolist()
        assert known.key.tolist() == songs.key.tolist()
        assert known.last_id == songs.last_id
        return n_read - before

    def fail_to_write() -> None:
        with pytest.raises(ZeroDivisionError), store._pool.writing() as connection:
            store._insert(connection, Batch.of([entry(8)], store.config), allow_duplicates=False)
            1 / 0  # noqa: B018

    read = segment_view.songs_of
    monkeypatch.setattr(segment_view, "songs_of", counted)
    with new_store(tmp_path / "index.db", layout="segments") as store:
        layout = store._layout
        assert isinstance(layout, SegmentedLayout)
        assert n_read_after(lambda: store.add_song(*entry(1))) == 1
        assert n_read_after(lambda: store.add_songs(map(entry, range(2, 5)))) == 0
        assert n_read_after(lambda: store.add_song(*entry(1))) == 0  # known already
        assert n_read_after(fail_to_write) == 1
        assert n_read_after(lambda: store.add_song(*entry(5))) == 0
        assert n_read_after(lambda: store.remove(2)) == 1
        assert n_read_after(lambda: store.remove(5)) == 1
        assert n_read_after(lambda: store.add_song(*entry(6))) == 0
        assert n_read_after(lambda: in_sql(store.path, "DELETE FROM songs WHERE id = 1")) == 1
        with open_store(store.path, None) as other:
            assert n_read_after(lambda: other.add_song(*entry(7))) == 1


def test_a_view_is_of_one_state_and_the_segments_that_were_open() -> None:
    opened = (_segment(1, 2),)
    view = View("a", opened, [(opened[0], np.ones(2, np.bool_))])
    assert view.is_of("a", opened)
    assert not view.is_of("b", opened)
    assert not view.is_of("a", ())
    assert view.in_memory(2) == list(opened)
    assert view.in_memory(3) == []
