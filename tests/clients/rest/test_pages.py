"""Every song once, however long the list is and whatever happens to it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.rest.pages import Pages
from clients.rest.records import Song, SongPage


def song(song_id: int) -> Song:
    learned_at = datetime(2026, 5, 1, tzinfo=UTC)
    return Song(song_id, f"Song {song_id}", 8.0, 1, "", learned_at, {}, False, True, None)


def walked(
    ids: list[int], pages: Pages, meanwhile: Callable[[int], object] = lambda n: None
) -> tuple[list[int], int]:
    """Return the ids that a walk over a list gives, and how many pages it took.

    ``meanwhile`` is called with the number of pages after each.
    """
    found: list[int] = []
    n_pages = 0
    while (request := pages.next_request) is not None:
        limit, offset = int(request.params["limit"]), int(request.params["offset"])
        part = tuple(song(one) for one in ids[offset : offset + limit])
        found += [one.song_id for one in pages.take(SongPage(part, len(ids), limit, offset))]
        n_pages += 1
        meanwhile(n_pages)
    return found, n_pages


@pytest.mark.parametrize(("n_songs", "n_pages"), [(0, 1), (1, 1), (500, 1), (501, 2), (10_000, 20)])
def test_all_songs_come_in_order_in_as_few_pages_as_can_be(n_songs: int, n_pages: int) -> None:
    ids = list(range(1, n_songs + 1))
    assert walked(ids, Pages()) == (ids, n_pages)


@settings(deadline=None)
@given(
    n_songs=st.integers(0, 12),
    page_songs=st.integers(1, 4),
    removed=st.lists(st.lists(st.integers(0, 11), max_size=3), max_size=6),
)
def test_no_song_is_passed_over_when_others_are_removed(
    n_songs: int, page_songs: int, removed: list[list[int]]
) -> None:
    ids = list(range(n_songs))
    steps = [set(step) for step in removed]

    def remove(n_pages: int) -> None:
        gone = steps[n_pages - 1] if n_pages <= len(steps) else set()
        ids[:] = [one for one in ids if one not in gone]

    found, _ = walked(ids, Pages(page_songs=page_songs), remove)
    assert set(found) >= set(ids)
    assert found == sorted(set(found))


def test_songs_learned_meanwhile_make_none_come_twice_where_the_newest_come_first() -> None:
    ids = list(range(6, 0, -1))
    pages = Pages(order="newest", page_songs=2)
    found, _ = walked(ids, pages, lambda n: ids.insert(0, 6 + n) if n <= 3 else None)
    assert found == [6, 5, 4, 3, 2, 1]


def test_a_server_that_promises_more_than_it_has_is_not_asked_for_ever() -> None:
    pages = Pages(name="x", order="newest", page_songs=3)
    assert pages.next_request is not None
    assert pages.next_request.params == {"limit": 3, "offset": 0, "order": "newest", "name": "x"}
    assert pages.take(SongPage((song(1),), 9, 3, 0)) == [song(1)]
    assert pages.take(SongPage((), 9, 3, 1)) == []
    assert pages.next_request is None
