"""Titles: what answers call a song, so that songs which share a name are told apart.

A title is the song's name. Where other songs have the same name, the folder of its file follows,
with the folder around that where it takes both; for a song that no folder tells apart, its id:
``01 (Aria)``, ``01 (Suite/Disc 1)``, ``01 (id 7)``.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath

from fpcore.printable import as_text

MOST_BY_FOLDER = 100
"""Of so many songs with one name the folders are compared; of more, each is told by its id."""

_MOST_FOLDERS = 2


def titles(connection: sqlite3.Connection, names: Mapping[int, str]) -> dict[int, str]:
    """Return the title of each song.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    names : mapping of int to str
        The songs' names by their ids.

    Returns
    -------
    dict of int to str
        One title for each id, in the same order.
    """
    shown = dict(names)
    for name in set(names.values()):
        rows = connection.execute(
            "SELECT id, metadata FROM songs WHERE name = ? LIMIT ?", (name, MOST_BY_FOLDER + 1)
        ).fetchall()
        if len(rows) < 2:
            continue
        folders = told_apart(dict(rows)) if len(rows) <= MOST_BY_FOLDER else {}
        for song_id in names:
            if names[song_id] == name:
                shown[song_id] = f"{name} ({folders.get(song_id, f'id {song_id}')})"
    return shown


def told_apart(metadata: Mapping[int, str]) -> dict[int, str]:
    """Return the folder of each song that it tells from the others, as text.

    Parameters
    ----------
    metadata : mapping of int to str
        JSON metadata of songs by their ids; ``source`` in it is a song's file.

    Returns
    -------
    dict of int to str
        Without the songs that have no such folder.
    """
    folders = {song_id: _folders_of(text) for song_id, text in metadata.items()}
    found: dict[int, str] = {}
    for n_folders in range(1, _MOST_FOLDERS + 1):
        tails = {song_id: "/".join(parts[-n_folders:]) for song_id, parts in folders.items()}
        n_songs = Counter(tails.values())
        alone = {song_id: tail for song_id, tail in tails.items() if tail and n_songs[tail] == 1}
        found = alone | found  # the shorter one, where that is enough
    return found


def _folders_of(metadata: str) -> tuple[str, ...]:
    """Return the names of the folders that lead to a song's file, none where none is known."""
    try:
        values = json.loads(metadata)
    except (ValueError, RecursionError):
        return ()
    source = values.get("source") if isinstance(values, dict) else None
    if not isinstance(source, str):
        return ()
    parent = PurePath(source).parent
    return tuple(as_text(part) for part in parent.parts if part != parent.anchor)
