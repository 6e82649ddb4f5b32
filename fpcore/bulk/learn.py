"""Learning of many files: decoded and fingerprinted on all cores, written by one process.

Each worker takes one file at a time, so memory stays bounded by their number. Finished songs
are written in batches of one transaction each, and only then reported: what was reported as
learned is on the disk. Learning the same files again passes over what is there, which is also
how an interrupted run is resumed. Of a file that is cut off or damaged on the way, what comes
before is learned. A song is called as the tags of its file say, or else as the file. A file with
the audio of a song that is there, under other tags or in another container, is that song, and is
not decoded again; a whole copy of one that is incomplete takes its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Literal, Self

from fpcore import pipeline
from fpcore.audio import AudioLimits, checksum, decode_blocks
from fpcore.audio.sources import name_of
from fpcore.audio.titles import title_of
from fpcore.bulk.losses import lost
from fpcore.bulk.worker_pool import WorkerDiedError, WorkerPool, done_alone
from fpcore.config import FingerprintConfig
from fpcore.errors import AudioError, FpError, UnknownSongError
from fpcore.limits import is_of_memory
from fpcore.records import Cut, Remixed
from fpcore.store import Added, Entry, NewSong, Song, Store
from fpcore.store.derived_names import NameBy, after_move, derived_name

BATCH_SONGS = 20
BATCH_S = 5.0
"""A batch is written when it holds this many songs, or when its first has waited this long."""

TICK_S = 1.0
"""How long to wait for a result before the caller gets a turn."""
QUEUED_PER_WORKER = 3
"""Files handed out for each worker, so that none waits for the next."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: learned, known before (as ``song``), or failed for a reason.

    A reason is also given when it is known by its audio alone, and when it ``replaced`` incomplete
    songs. ``remixed`` says when channels of a file that was learned were reversed or left out.
    """

    path: Path
    status: Literal["learned", "known", "failed"]
    song: Song | None = None
    reason: str | None = None
    remixed: Remixed | None = None
    replaced: tuple[Song, ...] = ()

    @classmethod
    def of(cls, path: Path, added: Added, remixed: Remixed | None) -> Self:
        """Return the outcome of a file whose song was added or was there.

        Parameters
        ----------
        path : Path
            The file.
        added : Added
            What became of its song.
        remixed : Remixed or None
            How its channels were mixed, when not by their average.
        """
        if not added.created:
            return cls(path, "known", added.song, added.remark)
        return cls(path, "learned", added.song, added.remark, remixed, added.replaced)


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a worker needs to know besides the path.

    Files whose checksum is in ``known`` are not fingerprinted again. With ``strict``, those that
    are cut off or damaged are refused. Tags are read only to ``name_by`` them.
    """

    config: FingerprintConfig
    limits: AudioLimits
    known: frozenset[str] = frozenset()
    strict: bool = False
    name_by: NameBy = "file"


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """What a worker sends back; ``fingerprint`` is None when the checksum was known.

    ``title`` is what the tags of the file call it, if they were read and say so.
    """

    checksum: str
    fingerprint: pipeline.Fingerprint | None
    title: str | None = None


def entry(
    path: Path, content: str, fingerprint: pipeline.Fingerprint, *, title: str | None
) -> Entry:
    """Return what a store takes for the song in a file that nobody named.

    Parameters
    ----------
    path : Path
        The file, which is kept in the metadata for re-indexing.
    content : str
        Its checksum.
    fingerprint : pipeline.Fingerprint
        What was found in it.
    title : str or None
        What to call the song; without, as its file.

    Returns
    -------
    Entry
        The song, its hashes and its constellation.

    Raises
    ------
    StoreError
        When the name is not a text that a store can hold.
    """
    source = str(path.resolve())
    called = derived_name(title, file=path, source=source)
    metadata = {"source": source, **called.mark}
    song = NewSong(called.name, content, fingerprint.duration_s, metadata, fingerprint.cut)
    return song, fingerprint.hashes, fingerprint.constellation


def relocated(song: Song, path: Path, store: Store) -> Song:
    """Return a song, with a file that has the same content in place of one that is gone.

    Music that was moved is so found again for re-indexing as soon as it is learned again.

    Parameters
    ----------
    song : Song
        The song as the store has it.
    path : Path
        A file with the content of the song.
    store : Store
        Where ``path`` is noted when the file that was noted is not there any more.

    Returns
    -------
    Song
        The song as the store has it now.

    Raises
    ------
    UnknownSongError
        When the song was removed meanwhile.
    """
    source = song.metadata.get("source")
    if not isinstance(source, str) or os.path.exists(source):
        return song
    return store.update_metadata(song.id, after_move(song, str(path.resolve())))


def extract(
    source: str | Path | BinaryIO,
    config: FingerprintConfig,
    limits: AudioLimits,
    *,
    name: str | None = None,
    strict: bool = False,
) -> pipeline.Fingerprint:
    """Return the fingerprint of a song, of as much of it as can be decoded.

    Parameters
    ----------
    source : str, Path or binary file object
        The audio of the song.
    config : FingerprintConfig
        The configuration of the index.
    limits : AudioLimits
        Bounds on the audio that is decoded.
    name : str, optional
        What errors call the source, in place of its path.
    strict : bool
        Refuse a source that is cut off or damaged on the way.

    Returns
    -------
    pipeline.Fingerprint
        With at least one hash.

    Raises
    ------
    AudioError
        When it cannot be decoded, or is too short or silent to give a single hash.
    """
    called = name or name_of(source)
    cuts: list[Cut] = []
    remixed: list[Remixed] = []

    def note(cut: Cut) -> None:
        if cut.kind == "too long":  # a song of which the end is missing on purpose is no song
            raise AudioError(f"{called}: {limits.too_long}")
        cuts.append(cut)

    blocks = decode_blocks(
        source,
        sample_rate_hz=config.sample_rate_hz,
        resampler=config.resampler,
        limits=limits,
        name=name,
        on_cut=None if strict else note,
        on_remixed=remixed.append,
    )
    found = replace(
        pipeline.fingerprint(blocks, config),
        cut=Cut.of(cut for cut in cuts if cut.lacks_sound),
        remixed=next(iter(remixed), None),
    )
    return checked(found, called)


def checked(fingerprint: pipeline.Fingerprint, name: object) -> pipeline.Fingerprint:
    """Return the fingerprint, or raise `AudioError` when it has no hash to be found by."""
    if not len(fingerprint.hashes):
        raise AudioError(
            f"{name}: its {fingerprint.duration_s:.1f} s of audio give no fingerprint: "
            "it is silent, too short, or its channels cancel each other when they are mixed: take "
            "another recording"
        )
    return fingerprint


def learn_files(
    paths: Iterable[Path],
    store: Store,
    *,
    n_workers: int | None = None,
    limits: AudioLimits | None = None,
    strict: bool = False,
    allow_duplicates: bool = False,
    name_by: NameBy = "tags",
) -> Iterator[Outcome]:
    """Learn files and yield what became of each, as they finish.

    Parameters
    ----------
    paths : iterable of Path
        Audio files; one that fails is reported and the rest go on.
    store : Store
        Where the songs are written, in batches of `BATCH_SONGS`.
    n_workers : int, optional
        Worker processes, >= 1; without, one for each core.
    limits : AudioLimits, optional
        Bounds on the audio that is decoded.
    strict : bool
        Let files fail that are cut off or damaged on the way.
    allow_duplicates : bool
        Learn the audio of a song that is there again from another file; the same file is known
        all the same.
    name_by : {"tags", "file"}
        Whether songs are called as the tags of their files say, where these have a title, or all as
        their files without the ending.

    Yields
    ------
    Outcome
        One for each path, in the order in which they are done.

    Raises
    ------
    StoreError
        When the store cannot be written; what was yielded before is on the disk.
    """
    store.check_writable()
    known = {song.checksum for song in store.songs()}
    if not allow_duplicates:
        copies = store.copies().items()
        known |= {one for one, copy in copies if not (strict and copy.known_by == "whole")}
    job = Extraction(store.config, limits or AudioLimits(), frozenset(known), strict, name_by)
    batch = _Batch(store, allow_duplicates=allow_duplicates)
    for finished in extract_files(paths, job, n_workers or os.cpu_count() or 1):
        if batch.is_due:
            yield from batch.write()
        if finished is None:
            continue
        path, result = finished
        if isinstance(result, Exception):
            yield Outcome(path, "failed", reason=str(result))
        elif result.fingerprint is None:
            yield _known(path, result.checksum, store)
        else:
            song = entry(path, result.checksum, result.fingerprint, title=result.title)
            batch.add(path, song, result.fingerprint.remixed)
    yield from batch.write()


def _known(path: Path, content: str, store: Store) -> Outcome:
    """Return what became of a file whose content was in the store when learning began."""
    found = store.known_file(content)
    if found is None:
        removed = "its song was removed meanwhile by another program: learn it again"
        return Outcome(path, "failed", reason=f"{name_of(path)}: {removed}")
    if found.known_by != "file":
        return Outcome.of(path, found, None)
    try:
        return Outcome(path, "known", song=relocated(found.song, path, store))
    except UnknownSongError:  # removed since it was found
        return _known(path, content, store)


class _Batch:
    """Songs that wait to be written together."""

    def __init__(self, store: Store, *, allow_duplicates: bool) -> None:
        self._store = store
        self._allow_duplicates = allow_duplicates
        self._waiting: list[tuple[Path, Entry, Remixed | None]] = []
        self._since = 0.0

    def add(self, path: Path, song: Entry, remixed: Remixed | None) -> None:
        if not self._waiting:
            self._since = monotonic()
        self._waiting.append((path, song, remixed))

    @property
    def is_due(self) -> bool:
        waited_s = monotonic() - self._since if self._waiting else 0.0
        return len(self._waiting) >= BATCH_SONGS or waited_s >= BATCH_S

    def write(self) -> list[Outcome]:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        added = self._store.add_songs(
            (song for _, song, _ in waiting), allow_duplicates=self._allow_duplicates
        )
        return [
            Outcome.of(path, one, remixed)
            for (path, _, remixed), one in zip(waiting, added, strict=True)
        ]


def extract_files(
    paths: Iterable[Path], job: Extraction, n_workers: int
) -> Iterator[tuple[Path, Extracted | Exception] | None]:
    """Yield each path with what a worker made of it, in the order in which they finish.

    Parameters
    ----------
    paths : iterable of Path
        Audio files; read as they are needed.
    job : Extraction
        What the workers are told.
    n_workers : int
        Worker processes, >= 1.

    Yields
    ------
    tuple of Path and Extracted or Exception, or None
        None comes in between when nothing has finished for `TICK_S` seconds, so that the caller
        can see to other things.
    """
    remaining = iter(paths)
    pool = _pool(job, n_workers)
    running: dict[Future[Extracted], Path] = {}
    try:
        while True:
            for path in islice(remaining, n_workers * QUEUED_PER_WORKER - len(running)):
                running[pool.submit(path)] = path
            if not running:
                return
            done, _ = wait(running, timeout=TICK_S, return_when=FIRST_COMPLETED)
            if not done:
                yield None
            if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                # A decoder took its process down, and the pool with it: find out which file.
                pool.close()
                yield from _one_by_one(list(running.values()), job)
                running.clear()
                pool = _pool(job, n_workers)
                continue
            for future in done:
                path = running.pop(future)
                yield path, _result(path, future)
    finally:
        pool.close()


def _one_by_one(
    paths: Iterable[Path], job: Extraction
) -> Iterator[tuple[Path, Extracted | Exception]]:
    """Yield the result of each path, every one in a process of its own."""
    for path in paths:
        future = done_alone(partial(_work, job), path, preload=__name__)
        error = future.exception()
        if isinstance(error, WorkerDiedError):
            yield path, lost(path, error.exit_code)
        else:
            yield path, _result(path, future)


def _result(path: Path, future: Future[Extracted]) -> Extracted | Exception:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, FpError):
        return error
    if is_of_memory(error):
        return AudioError(f"{name_of(path)}: there is not enough memory to fingerprint it")
    raise error


def _work(job: Extraction, path: Path) -> Extracted:
    with unchanged(path):
        content = checksum(path)
        if content in job.known:
            return Extracted(content, None)
        found = extract(path, job.config, job.limits, strict=job.strict)
        return Extracted(content, found, title_of(path) if job.name_by == "tags" else None)


@contextmanager
def unchanged(source: str | Path | BinaryIO) -> Iterator[None]:
    """Raise `AudioError` at the end when the file at a path was written to meanwhile.

    It is read twice, for its checksum and for its sound, which must belong together. An open
    file is not checked: whoever opened it must not write to it meanwhile.
    """
    before = _stamp(source)
    yield
    if _stamp(source) != before:
        raise AudioError(f"{name_of(source)}: it was changed while it was read: learn it again")


def _stamp(source: str | Path | BinaryIO) -> tuple[int, ...] | None:
    if not isinstance(source, str | Path):
        return None
    try:
        found = os.stat(source)
    except OSError:
        return None  # reading it fails next, with a better sentence
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _pool(job: Extraction, n_workers: int) -> WorkerPool[Path, Extracted]:
    return WorkerPool(partial(_work, job), n_workers, preload=__name__)
