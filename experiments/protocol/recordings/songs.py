"""Songs that a recording may be of, and how a list may call them.

A song is called by its id, by its name, or by its file: the whole path, or as much of its end as
tells it from all others, with the ending of the file's name or without. Upper and lower case
differ; composed and decomposed letters, which file systems spell differently, do not. Two songs
that are called alike are both returned: it is for the caller to refuse that.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from experiments.corpora import Corpus
from fpcore.audio import SUPPORTED_SUFFIXES
from fpcore.printable import as_text
from fpcore.store import Store


@dataclass(frozen=True, slots=True)
class KnownSong:
    """A song that can be the answer.

    ``id`` is what rows call it. All variants of one piece have one ``work``. ``duration_s`` is its
    length in seconds.
    """

    id: str
    work: str
    duration_s: float


class KnownSongs:
    """All songs of an index, found by what they are called.

    Parameters
    ----------
    called : iterable of (KnownSong, tuple of str, tuple of Path)
        Each song with its names and its files, absolute or relative to the root of a corpus.
    numbers : mapping of int to KnownSong, optional
        The songs by their numbers in an index, where these stay as they are when songs are
        learned whose names are like theirs.
    """

    def __init__(
        self,
        called: Iterable[tuple[KnownSong, tuple[str, ...], tuple[Path, ...]]],
        numbers: Mapping[int, KnownSong] | None = None,
    ) -> None:
        self._by_name: dict[str, set[KnownSong]] = defaultdict(set)
        self._by_end: dict[tuple[str, ...], set[KnownSong]] = defaultdict(set)
        self._by_main_name: dict[str, set[KnownSong]] = defaultdict(set)
        self._numbers = numbers or {}
        self.by_id: dict[str, KnownSong] = {}
        for song, names, files in called:
            self.by_id[song.id] = song
            for name in (song.id, *names):
                self._by_name[_composed(name)].add(song)
                self._by_main_name[_main_name(_composed(name))].add(song)
            for file in files:
                for parts in _spellings(file):
                    for start in range(len(parts)):
                        self._by_end[parts[start:]].add(song)
                self._by_main_name[_composed(file.stem)].add(song)

    @classmethod
    def of_corpus(cls, corpus: Corpus) -> KnownSongs:
        """Return the tracks of a corpus; an exact duplicate stands for the track that it repeats.

        A track has the name of its file and, where a table tells one, its title.
        """
        songs = {
            track.id: KnownSong(track.id, track.work, track.duration_s)
            for track in corpus.tracks
            if track.duplicate_of is None
        }
        return cls(
            (
                songs[track.duplicate_of or track.id],
                (track.id, *([title] if (title := corpus.titles.get(track.id)) else [])),
                (Path(track.path), corpus.path_of(track).resolve()),
            )
            for track in corpus.tracks
        )

    @classmethod
    def of_store(cls, store: Store) -> KnownSongs:
        """Return the songs of an index. They may be called by their numbers in it, too.

        An id is what answers call a song: its name, and what tells it from others of that name.
        Nothing is known of variants, so that each song is a work of its own.
        """
        found = store.songs()
        titles = store.titles(found)
        numbers = {
            song.id: KnownSong(titles[song.id], titles[song.id], song.duration_s) for song in found
        }
        called = []
        for song in found:
            source = song.metadata.get("source")
            files = (Path(source),) if isinstance(source, str) else ()
            called.append((numbers[song.id], (song.name, str(song.id)), files))
        return cls(called, numbers)

    def named(self, text: str, base: Path) -> tuple[KnownSong, ...]:
        """Return the songs that are called ``text``; a path may be relative to the folder ``base``.

        Several songs are returned where the text fits each as well.
        """
        text = _composed(text)
        if exact := self._by_name.get(text):
            return _sorted(exact)
        path = _parts(PurePosixPath(Path(base, text).resolve().as_posix()))
        for parts in (path, _parts(PurePosixPath(text))):
            if parts and (found := self._by_end.get(parts)):
                return _sorted(found)
        return ()

    def of_main_name(self, text: str) -> tuple[KnownSong, ...]:
        """Return the songs whose file, or whose name, is called as a path's last part.

        The ending of its name does not count.
        """
        return _sorted(self._by_main_name.get(_main_name(_composed(text)), ()))

    def that_begins(self, text: str) -> tuple[KnownSong, ...]:
        """Return the songs whose main name the last part of a path begins with.

        The longest such name counts, and no letter or digit may follow it.
        """
        name = _main_name(_composed(text))
        for end in range(len(name), 0, -1):
            if name[end : end + 1].isalnum():
                continue
            if found := self._by_main_name.get(name[:end]):
                return _sorted(found)
        return ()

    def answered(self, number: int, name: str) -> KnownSong:
        """Return the song that an index answers with.

        Parameters
        ----------
        number : int
            Its number in the index.
        name : str
            Its name there. One that was learned meanwhile is known by no more than this.
        """
        song = self._numbers.get(number) or self.by_id.get(name)
        return song or KnownSong(name, name, float("nan"))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", as_text(text))


def _parts(path: PurePosixPath) -> tuple[str, ...]:
    """Return the parts of a path, without a beginning that says "from here"."""
    parts = tuple(_composed(part) for part in path.parts)
    while parts and parts[0] in {".", ".."}:
        parts = parts[1:]
    return parts


def _spellings(file: Path) -> tuple[tuple[str, ...], ...]:
    """Return the parts of a path with the ending of the file's name and without."""
    parts = _parts(PurePosixPath(file.as_posix()))
    return parts, (*parts[:-1], _composed(file.stem))


def _main_name(path: str) -> str:
    """Return the last part of a path, without the ending if it is one of audio."""
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in SUPPORTED_SUFFIXES else name


def _sorted(songs: Iterable[KnownSong]) -> tuple[KnownSong, ...]:
    return tuple(sorted(songs, key=lambda song: song.id))
