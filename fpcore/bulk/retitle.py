"""Renaming by tags: songs that nobody named are called as the tags of their files say now.

What lies at a song's path may be other music by now. So a file counts only if it is the one that
was learned, or was found to hold the same audio when it was learned again, under other tags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fpcore.audio import checksum
from fpcore.audio.titles import title_of
from fpcore.errors import AudioError
from fpcore.store import Song, Store
from fpcore.store.derived_names import is_derived

BATCH_SONGS = 100
"""Songs that are renamed in one transaction."""

Why = Literal["named so", "given", "no title", "no file"]
"""Why a song keeps its name: the tags say the same, somebody gave it, the tags have no title, the
file is gone or another one."""


@dataclass(frozen=True, slots=True)
class Retitled:
    """The songs that are called otherwise now, what they were called, and how many kept why."""

    songs: tuple[Song, ...]
    names_before: dict[int, str]
    kept: Counter[Why]


def rename_by_tags(
    store: Store, *, note: Callable[[int, int], None] = lambda n_done, n_songs: None
) -> Retitled:
    """Call the songs of a store as the tags of their files do, but for those that were named.

    Parameters
    ----------
    store : Store
        Written in transactions of `BATCH_SONGS` songs.
    note : callable
        Called with the number of songs done and the number of all.

    Returns
    -------
    Retitled
        What became of them.

    Raises
    ------
    StoreError
        When the store cannot be read or written.
    """
    store.check_writable()
    songs = store.songs()
    renamed: list[Song] = []
    kept: Counter[Why] = Counter()
    for first in range(0, len(songs), BATCH_SONGS):
        titles = {}
        for number, song in enumerate(songs[first : first + BATCH_SONGS], first + 1):
            title, why = _title(song, store)
            if title is None:
                kept[why] += 1
            else:
                titles[song.id] = title
            note(number, len(songs))
        renamed += store.rename_by_tags(titles)
    ids = {song.id for song in renamed}
    return Retitled(tuple(renamed), {one.id: one.name for one in songs if one.id in ids}, kept)


def _title(song: Song, store: Store) -> tuple[str | None, Why]:
    """Return what to call a song; None, and why, when it keeps its name."""
    source = song.metadata.get("source")
    if not is_derived(song):
        return None, "given"
    if not isinstance(source, str) or not Path(source).is_file():
        return None, "no file"
    title = title_of(source)
    if title is None:
        return None, "no title"
    if title == song.name:
        return None, "named so"
    return (title if _is_of(song, Path(source), store) else None), "no file"


def _is_of(song: Song, path: Path, store: Store) -> bool:
    """Whether a file holds the audio of a song."""
    try:
        content = checksum(path)
    except AudioError:
        return False
    known = store.known_file(content)
    return known is not None and known.song.id == song.id
