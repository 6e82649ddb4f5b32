"""Choosing a song: by its id, its name, or what tells it from others of that name."""

from __future__ import annotations

import re

from fpcore.errors import UnknownSongError
from fpcore.store.base import Song, Store

LARGEST_INTEGER = 2**63 - 1
"""The largest number that a database can be asked for."""


def id_of(store: Store, which: int | str | Song) -> int:
    """Return the id of a song.

    A text is its exact name, or that and what follows it in `Store.names`.

    Raises
    ------
    UnknownSongError
        When there is none, or a text names several.
    """
    if isinstance(which, Song):
        which = which.id
    if isinstance(which, int):
        if not has_id(store, which):
            raise UnknownSongError(f"{store.path} has no song with the id {which}")
        return which
    named = _called(store, which) or _titled(store, which)
    if not named:
        raise UnknownSongError(
            f'{store.path} has no song with the id or name "{which}": see `fpcore songs`'
        )
    if len(named) > 1:
        ids = ", ".join(map(str, named))
        raise UnknownSongError(
            f'{len(named)} songs are called "{which}": name one by its id, which are {ids}'
        )
    return named[0]


def has_id(store: Store, song_id: int) -> bool:
    """Whether there is a song of an id, though what is kept of it may be damaged."""
    if not 0 <= song_id <= LARGEST_INTEGER:
        return False
    try:
        store.names([song_id])  # unlike the whole song it can be read in a damaged one
    except UnknownSongError:
        return False
    return True


def _called(store: Store, name: str) -> list[int]:
    """Return the ids of the songs of a name."""
    return [song.id for song in store.songs(name_contains=name) if song.name == name]


def _titled(store: Store, title: str) -> list[int]:
    """Return the id of the song of a name and what tells it from others of that name."""
    for start in (found.start() for found in re.finditer(r" \(", title)):  # folders have it, too
        named = _called(store, title[:start])
        if found := [one for one, shown in store.names(named).items() if shown == title]:
            return found
    return []
