"""Songs of a server: a list of any length by its pages, and files that become songs."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clients.rest import AsyncClient, RestError, Song, SongPage
from clients.rest.errors import (
    BusyError,
    ForbiddenError,
    NoServerError,
    NotFoundError,
    WrongKeyError,
)

PAGE_SONGS = 100
_KEPT_PAGES = 40

_CODED = {".aac", ".m4a", ".m4b", ".mka", ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".webm", ".wma"}
SOUND_FILES = frozenset(_CODED | {".aif", ".aiff", ".flac", ".wav", ".wv"})
"""Endings of the files that are taken out of a folder."""


class SongList:
    """The songs with a text in their names; pages are asked for when rows of them are looked at.

    Parameters
    ----------
    name : str
        The text; empty for all songs.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.total: int | None = None
        self._pages: OrderedDict[int, tuple[Song, ...]] = OrderedDict()

    def row(self, number: int) -> Song | None:
        """Return the song of a row, counted from 0; None while its page is not there."""
        page = self._pages.get(number // PAGE_SONGS, ())
        at = number % PAGE_SONGS
        return page[at] if at < len(page) else None

    def missing(self, first: int, n_rows: int) -> list[int]:
        """Return the numbers of the pages that some rows lack."""
        last = max(first, first + n_rows - 1)
        if self.total is not None:
            last = min(last, self.total - 1)
        pages = range(first // PAGE_SONGS, last // PAGE_SONGS + 1) if last >= first else range(0)
        return [page for page in pages if page not in self._pages]

    def take(self, number: int, page: SongPage) -> None:
        """Keep a page; those that were not looked at for long are forgotten."""
        self.total = page.total
        self._pages[number] = page.songs
        self._pages.move_to_end(number)
        while len(self._pages) > _KEPT_PAGES:
            self._pages.popitem(last=False)

    async def ask(self, client: AsyncClient, number: int) -> tuple[int, SongPage]:
        """Return a page by its number, with the number."""
        page = await client.songs_page(
            limit=PAGE_SONGS, offset=number * PAGE_SONGS, name=self.name or None, order="newest"
        )
        return number, page


def sound_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that are named, and those in named folders whose endings are of sound."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                if Path(name).suffix.lower() in SOUND_FILES:
                    yield Path(folder, name)


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is: ``name`` is worked on now, ``n_done`` of ``n_files`` are done."""

    n_done: int
    n_files: int
    name: str


@dataclass(slots=True)
class Learning:
    """What became of files: learned, known before, or refused with a sentence."""

    n_learned: int = 0
    n_known: int = 0
    refused: list[tuple[Path, str]] = field(default_factory=list)


@dataclass(slots=True)
class Removal:
    """What became of songs: gone, or refused with a sentence."""

    n_removed: int = 0
    refused: list[tuple[Song, str]] = field(default_factory=list)


async def remove(
    client: AsyncClient, songs: Sequence[Song], told: Callable[[Step], None]
) -> Removal:
    """Remove songs one after another; one that is refused does not keep the others in.

    Parameters
    ----------
    client : AsyncClient
        Of the server that has them.
    songs : sequence of Song
        Those that are gone already count as removed.
    told : callable
        Told how far it is before each song and at the end; called by any thread.

    Returns
    -------
    Removal
        What became of them.

    Raises
    ------
    RestError
        When no further song would be removed either: no server, a wrong key, a busy server.
    """
    became = Removal()
    for number, song in enumerate(songs):
        told(Step(number, len(songs), song.song_name))
        try:
            with contextlib.suppress(NotFoundError):
                await client.remove(song.song_id)
        except (NoServerError, WrongKeyError, ForbiddenError, BusyError):
            raise
        except RestError as error:
            became.refused.append((song, str(error)))
        else:
            became.n_removed += 1
    told(Step(len(songs), len(songs), ""))
    return became


async def learn(
    client: AsyncClient, paths: Iterable[Path], told: Callable[[Step], None]
) -> Learning:
    """Learn files one after another; one that is refused does not keep the others out.

    Parameters
    ----------
    client : AsyncClient
        Of the server that learns.
    paths : iterable of Path
        Files and folders.
    told : callable
        Told how far it is before each file and at the end; called by any thread.

    Returns
    -------
    Learning
        What became of them.

    Raises
    ------
    RestError
        When no further file would be learned either: no server, a wrong key, a busy server.
    """
    files = await asyncio.to_thread(lambda: list(sound_files(paths)))
    became = Learning()
    for number, path in enumerate(files):
        told(Step(number, len(files), path.name))
        try:
            learned = await client.learn(path)
        except (NoServerError, WrongKeyError, ForbiddenError, BusyError):
            raise
        except RestError as error:
            became.refused.append((path, str(error)))
        else:
            became.n_learned += learned.created
            became.n_known += not learned.created
    told(Step(len(files), len(files), ""))
    return became
