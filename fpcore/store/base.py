"""Contract of a store: songs, their postings and their constellations.

Conventions of every engine:

* Tokens go in and come out as packed int64 integers, whatever form the engine writes.
* A song is added or removed as a whole: no reader ever sees a part of one.
* A method that has returned has written to the disk what it says it wrote.
* Times of postings are frames of the configuration that the index was made with.
"""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np

from fpcore.closing import Closing
from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError, UnknownSongError
from fpcore.places import Place
from fpcore.records import Constellation, Cut, Hashes, LongArray, Postings

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""Any value that JSON can hold."""


@dataclass(frozen=True, slots=True)
class NewSong:
    """A song to add: its name, the checksum of its file, its length and free metadata.

    Two files with one ``checksum`` are one song. The name is kept verbatim. ``cut`` says when the
    file is cut off, so that ``duration_s`` is only what there was of it.

    Raises
    ------
    StoreError
        When the name holds a NUL or half a character, the checksum is empty, the duration is
        negative or not finite, or the metadata cannot be written as JSON or is nested deeper
        than `MAX_METADATA_DEPTH`.
    """

    name: str
    checksum: str
    duration_s: float
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    cut: Cut | None = None

    def __post_init__(self) -> None:
        for label, text in (("name", self.name), ("checksum", self.checksum)):
            _check_text(label, text)
        if not self.checksum:
            raise StoreError(f"the song {self.name!r} has an empty checksum: compute it first")
        if not (math.isfinite(self.duration_s) and self.duration_s >= 0):
            raise StoreError(
                f"the duration of {self.name!r} must be a finite number of seconds >= 0, "
                f"got {self.duration_s}"
            )
        stated_s = None if self.cut is None else self.cut.stated_s
        if stated_s is not None and not math.isfinite(stated_s):
            raise StoreError(f"the length that {self.name!r} states must be finite, got {stated_s}")
        try:
            json.dumps(self.metadata, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StoreError(f"the metadata of {self.name!r} is not JSON: {error}") from None
        except RecursionError:
            raise _too_deep(self.name) from None
        if is_deeper(self.metadata, MAX_METADATA_DEPTH):
            raise _too_deep(self.name)


MAX_METADATA_DEPTH = 32
"""How deep metadata may be nested: programs that read and write JSON have limits of their own."""


def _too_deep(name: str) -> StoreError:
    deep = f"is nested more than {MAX_METADATA_DEPTH} levels deep: make it flatter"
    return StoreError(f"the metadata of {name!r} {deep}")


def is_deeper(value: object, n_levels: int) -> bool:
    """Whether JSON has lists or objects nested in each other more than ``n_levels`` deep.

    >>> is_deeper({"a": [1, 2]}, 2), is_deeper({"a": [1, [2]]}, 2)
    (False, True)
    """
    inner: Iterable[object] = ()
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    else:
        return False
    return not n_levels or any(is_deeper(one, n_levels - 1) for one in inner)


def _check_text(label: str, text: str) -> None:
    """Refuse what a text column would cut short or could not hold."""
    if "\0" in text:
        raise StoreError(f"the song's {label} {text!r} holds a NUL character: leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise StoreError(
            f"the song's {label} {text!r} is not valid Unicode text ({error.reason}): rename it"
        ) from None


@dataclass(frozen=True, slots=True)
class Song:
    """A song of the index, as it is read: it does not follow later changes.

    ``learned_at`` is in UTC, ``duration_s`` in seconds, ``n_fingerprints`` counts its postings,
    ``checksum`` is that of its file. It is not ``complete`` when its file was cut off; then
    ``stated_s`` is the length that the file states, if it states one. ``fingerprint_checksum`` is
    that of `fpcore.store.checksums`; None when it was learned before there were any.
    """

    id: int
    name: str
    checksum: str
    duration_s: float
    n_fingerprints: int
    learned_at: datetime
    metadata: Mapping[str, JSON]
    complete: bool = True
    stated_s: float | None = None
    fingerprint_checksum: str | None = None

    @property
    def cut(self) -> Cut | None:
        """How much of its recording was learned, when that was cut off."""
        return None if self.complete else Cut.of_lengths(self.duration_s, self.stated_s)


@dataclass(frozen=True, slots=True)
class Copy:
    """The song whose audio a file was found to hold: the same or, if that is ``whole``, a part."""

    song_id: int
    known_by: Literal["audio", "whole"]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a song: ``created``, or known before.

    It is known by the checksum of its file or, where that differs, by its audio: the fingerprint is
    the same. An incomplete one may be known by a ``whole`` copy of it. One that is created and
    whole may have ``replaced`` incomplete songs, which are as they were before.
    """

    song: Song
    created: bool
    known_by: Literal["file", "audio", "whole"] | None = None
    replaced: tuple[Song, ...] = ()

    @property
    def remark(self) -> str | None:
        """What to say of a file that has to do with other songs; None of any other."""
        if self.replaced:
            parts = ", ".join(f'"{part.name}" (id {part.id})' for part in self.replaced)
            were = "which was incomplete" if len(self.replaced) == 1 else "which were incomplete"
            return f"took the place of {parts}, {were}"
        if self.known_by not in ("audio", "whole"):
            return None
        why = "same audio" if self.known_by == "audio" else "and there it is whole"
        return f'already there as "{self.song.name}" (id {self.song.id}): {why}'


Entry: TypeAlias = tuple[NewSong, Hashes, Constellation]
"""A song with its hashes and its constellation, as a store takes it."""


@dataclass(frozen=True, slots=True)
class StoreStats:
    """Size of an index.

    ``file_bytes`` is all of the database and of what look-ups read beside it, ``unused_bytes`` the
    part of it that removed songs left behind and that new ones will fill. ``lookup_bytes`` is what
    a look-up reads: the postings and their index; None where the engine cannot tell.
    """

    n_songs: int
    n_postings: int
    duration_s: float
    file_bytes: int
    unused_bytes: int
    lookup_bytes: int | None


@dataclass(frozen=True, slots=True)
class HotToken:
    """A token with many postings, packed and in its readable form ``f1|f2|dt``."""

    token: int
    text: str
    n_postings: int


@dataclass(frozen=True, slots=True, eq=False)
class TokenStats:
    """How the postings are spread over the tokens.

    ``n_tokens[i]`` distinct tokens have exactly ``n_postings[i]`` postings each; both are
    int64, and ``n_postings`` ascends. ``hottest`` has the commonest tokens, commonest first.
    """

    n_postings: LongArray
    n_tokens: LongArray
    hottest: tuple[HotToken, ...]

    @property
    def n_distinct_tokens(self) -> int:
        """Number of tokens that have at least one posting."""
        return int(self.n_tokens.sum())

    def quantile(self, share: float) -> int:
        """Return the number of postings that ``share`` of the tokens do not exceed.

        0 for an empty index. ``share`` lies in [0, 1]: 0.5 gives the median, 1 the maximum.

        >>> stats = TokenStats(np.array([1, 2, 9]), np.array([6, 3, 1]), hottest=())
        >>> stats.quantile(0.5), stats.quantile(0.9), stats.quantile(1)
        (1, 2, 9)
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share must lie in [0, 1], got {share}")
        if not len(self.n_tokens):
            return 0
        cumulative = np.cumsum(self.n_tokens)
        return int(self.n_postings[np.searchsorted(cumulative, share * cumulative[-1])])


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """The snapshot of an index: where it lies, its size, and how far it matches the index.

    ``refusal`` is the sentence that says why it is not used, or None. Of its ``n_songs``,
    ``n_removed`` have been removed since; ``n_newer`` songs of the index were learned since, and
    are looked up without it.
    """

    path: Path
    file_bytes: int
    refusal: str | None
    n_songs: int = 0
    n_postings: int = 0
    n_removed: int = 0
    n_newer: int = 0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found: one sentence for each problem, none when all is well.

    ``notes`` are what one should know of a sound index: songs that are cut off, or that could not
    be checked in full.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems


class Index(Protocol):
    """What recognition needs of an index; every `Store` is one."""

    def lookup(self, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens`` int64 (n,), in no particular order."""

    def constellations(self, song_ids: Sequence[int]) -> Mapping[int, Constellation]:
        """Return the constellation of each song by its id; raises `UnknownSongError`."""

    def names(self, song_ids: Sequence[int]) -> Mapping[int, str]:
        """Return what answers call each song; raises `UnknownSongError`."""

    def n_songs(self) -> int:
        """Return how many songs there are."""


class Store(Closing):
    """An index of songs.

    Ownership: whoever opened a store closes it, best by using it as a context manager; after
    that every method raises `StoreError`. Everything returned is the caller's
    own, or read-only and shared, as constellations are.

    Threads and processes: all methods may be called from any number of threads, and any number
    of processes may open the same index. Readers never wait for writers. Writers take turns;
    one that waits longer than the busy timeout raises `StoreBusyError` and has written
    nothing. A store may be used on both sides of a fork.

    Errors: every method raises `StoreError` or a child of it, with the path, the cause and the
    remedy; `StoreFullError` when there is no room, and then nothing was written.
    """

    @property
    @abstractmethod
    def path(self) -> Place:
        """Where the index lies."""

    @property
    @abstractmethod
    def file(self) -> Path:
        """The file that other processes of this machine may open to read the index."""

    @property
    def as_of(self) -> datetime | None:
        """Since when answers may lack what others wrote, in UTC; None when they lack nothing.

        Answers do when they are given from what this machine has of an index elsewhere, and that
        cannot be reached.
        """
        return None

    def check_writable(self) -> None:
        """Raise `StoreReadOnlyError` when the index can only be read.

        For who has much to do before the first write; every write raises it as well.
        """

    @property
    @abstractmethod
    def config(self) -> FingerprintConfig:
        """The configuration that the index was made with."""

    def add_song(
        self,
        song: NewSong,
        hashes: Hashes,
        constellation: Constellation,
        *,
        allow_duplicates: bool = True,
    ) -> Added:
        """Add a song, unless the index has it.

        Parameters
        ----------
        song : NewSong
            Its name, checksum, length and metadata.
        hashes : Hashes
            Its hashes; repeated (token, frame) pairs count once.
        constellation : Constellation
            Its kept peaks, sorted by (frame, bin).
        allow_duplicates : bool
            Only a song with the same checksum is the same; without, so is one with the same
            postings and constellation, unless there are no postings. Then, too, a whole copy takes
            the place of an incomplete song, and an incomplete one of which there is a whole copy is
            known; see `fpcore.store.incomplete`.

        Returns
        -------
        Added
            The song, and whether it is new; if not, nothing was written.

        Raises
        ------
        ValueError
            When a token or a frame lies outside the range of ``config``.
        """
        entry = song, hashes, constellation
        return self.add_songs([entry], allow_duplicates=allow_duplicates)[0]

    @abstractmethod
    def add_songs(self, entries: Iterable[Entry], *, allow_duplicates: bool = True) -> list[Added]:
        """Add songs in one transaction, all or none, and return one result for each, in order.

        A batch of about 20 songs is several times as fast as one at a time. The iterable is
        used up before the transaction starts, so it may be slow. Repeated (token, frame) pairs
        of a song count once. Which songs are the same is as for `add_song`.

        Raises
        ------
        ValueError
            When a token or a frame lies outside the range of ``config``.
        """

    @abstractmethod
    def lookup(self, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens`` int64 (n,), in no particular order."""

    @abstractmethod
    def constellations(self, song_ids: Sequence[int]) -> dict[int, Constellation]:
        """Return the constellation of each song by its id, ``level_db`` rounded to half a decibel.

        Raises
        ------
        UnknownSongError
            When there is no such song.
        """

    def constellation(self, song_id: int) -> Constellation:
        """Return the constellation of one song; see `constellations`."""
        return self.constellations([song_id])[song_id]

    @abstractmethod
    def names(self, song_ids: Sequence[int]) -> dict[int, str]:
        """Return what answers call each song: its name, and what tells it from others of that name.

        Raises
        ------
        UnknownSongError
            When there is no such song.
        """

    def titles(self, songs: Iterable[Song]) -> dict[int, str]:
        """Return what answers call songs that were read just now, by their ids.

        Those that were removed meanwhile are called by their names alone.
        """
        by_name = {song.id: song.name for song in songs}
        try:
            return self.names(list(by_name))
        except UnknownSongError:
            return by_name

    @abstractmethod
    def songs(
        self, *, name_contains: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Song]:
        """Return songs in the order in which they were learned.

        Parameters
        ----------
        name_contains : str, optional
            Keep songs with this text in the name, in either case.
        limit : int, optional
            At most so many songs, >= 0; without, all.
        offset : int
            Leave out the first so many songs, >= 0.

        Returns
        -------
        list of Song
            By ascending id.

        Raises
        ------
        ValueError
            When ``limit`` or ``offset`` is negative.
        """

    @abstractmethod
    def n_songs(self, *, name_contains: str | None = None) -> int:
        """Return how many songs `songs` gives without a limit."""

    @abstractmethod
    def song(self, song_id: int) -> Song:
        """Return one song; raises `UnknownSongError` when there is none of that id."""

    @abstractmethod
    def find(self, checksum: str) -> Song | None:
        """Return the song that was learned from a file with this checksum, or None."""

    @abstractmethod
    def find_copy(self, checksum: str) -> Added | None:
        """Return the song that a file with this checksum was known to be by its audio, or None.

        It was known when `add_song` was given its song without ``allow_duplicates``, and is no
        more once that song is removed, or the file is learned as a song of its own.
        """

    @abstractmethod
    def copies(self) -> dict[str, Copy]:
        """Return what `find_copy` finds, by the checksums of the files."""

    def known_file(
        self, checksum: str, *, strict: bool = False, allow_duplicates: bool = False
    ) -> Added | None:
        """Return the song that a file is known to be without looking into it, or None.

        Parameters
        ----------
        checksum : str
            Checksum of the file.
        strict : bool
            Files that are cut off are refused: one that was known by a whole copy is none.
        allow_duplicates : bool
            Only a song that was learned from such a file counts.

        Returns
        -------
        Added or None
            As `add_song` would return it.
        """
        song = self.find(checksum)
        if song is not None:
            return Added(song, created=False, known_by="file")
        found = None if allow_duplicates else self.find_copy(checksum)
        return None if found and strict and found.known_by == "whole" else found

    @abstractmethod
    def update_metadata(self, song_id: int, values: Mapping[str, JSON]) -> Song:
        """Put ``values`` into the metadata of a song, beside what is there, and return the song.

        Raises
        ------
        UnknownSongError
            When there is no such song.
        """

    @abstractmethod
    def rename(self, song_id: int, name: str) -> Song:
        """Give a song another name, which is kept verbatim, and return the song.

        `rename_by_tags` leaves it from then on.

        Raises
        ------
        UnknownSongError
            When there is no such song.
        StoreError
            When the name is none that a new song may have.
        """

    @abstractmethod
    def rename_by_tags(self, titles: Mapping[int, str]) -> list[Song]:
        """Call songs as the tags of their files do, and return those whose names are other ones.

        ``titles`` holds what tags say by the ids of the songs. Passed over are songs that are not
        there any more, and those that were given a name; see `fpcore.store.derived_names`.
        """

    @abstractmethod
    def remove(self, song_id: int) -> Song:
        """Remove a song with all that belongs to it, and return what it was.

        A song whose record is damaged can be removed too. Its id is never given to another song.

        Raises
        ------
        UnknownSongError
            When there is no such song.
        """

    @abstractmethod
    def clear(self) -> int:
        """Remove all songs and return how many there were."""

    @abstractmethod
    def stats(self) -> StoreStats:
        """Return the size of the index."""

    @abstractmethod
    def token_stats(self, *, n_hottest: int = 10) -> TokenStats:
        """Return how the postings are spread over the tokens; reads the whole index.

        The ``n_hottest`` commonest tokens are listed.
        """

    @abstractmethod
    def check(self, *, full: bool = False) -> CheckReport:
        """Return what is wrong with the index; ``full`` also follows each posting and peak."""

    @abstractmethod
    def add_checksums(self) -> int:
        """Give each song that was learned before there were checksums that of what it is now.

        From then on a full check finds changes of it. Songs in which one is found already get none.
        Returns how many got one.
        """

    @abstractmethod
    def make_snapshot(
        self, note: Callable[[int, int], None] = lambda n_done, n_postings: None
    ) -> SnapshotState:
        """Write a copy of what look-ups read, in a form that makes them fast, and use it.

        Look-ups answer the same with and without. It stays in use while songs are learned and
        removed, also by other processes, until a new one takes its place; the more songs it
        lacks, the less it helps. ``note`` is told how many postings are done, and of how many.

        Raises
        ------
        StoreBusyError
            When another program is at it.
        StoreFullError
            When there is no room; the one that was there stays.
        """

    @abstractmethod
    def snapshot(self) -> SnapshotState | None:
        """Return what there is to say about the snapshot, or None when there is none."""

    @abstractmethod
    def backup(self, path: str | Place) -> None:
        """Write a copy of the index as it is now to a new file, while others use it.

        Raises
        ------
        StoreError
            When ``path`` exists, or cannot be written.
        """

    @abstractmethod
    def close(self) -> None:
        """Release everything; may be called twice. Calls in other threads finish first."""
