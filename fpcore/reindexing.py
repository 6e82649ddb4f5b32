"""A new index of the same songs under another profile, made from their files.

The new index grows in a file beside the old one, which stays in use until the end and is then
replaced at once. An interrupted run is gone on with. Songs keep their names, metadata and order;
their ids are given anew.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from fpcore.audio import AudioLimits, checksum
from fpcore.config import FingerprintConfig, Profile
from fpcore.errors import AudioError
from fpcore.learning import BATCH_SONGS, extract
from fpcore.pipeline import Fingerprint
from fpcore.store import NewSong, Song, Store, open_store
from fpcore.store.swapping import swap


@dataclass(frozen=True, slots=True)
class Gone:
    """A song that cannot be learned again, and why."""

    song: Song
    reason: str


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What became of an index: how many songs the new one has, and which it lacks.

    Unless ``swapped``, the old index is still in its place, and the new one in ``beside``.
    """

    n_songs: int
    gone: tuple[Gone, ...]
    swapped: bool
    beside: Path


def reindex(
    database: Path,
    profile: Profile,
    *,
    drop_gone: bool = False,
    n_workers: int | None = None,
    limits: AudioLimits | None = None,
    note: Callable[[int, int], None] = lambda n_done, n_songs: None,
) -> Reindexed:
    """Make the index in ``database`` anew under ``profile`` and put it in the old one's place.

    Parameters
    ----------
    drop_gone
        Swap even if the audio of some songs is gone; without, the old index then stays.
    n_workers
        Worker processes; None takes one for each core.
    note
        Called with the songs done and their number.

    Raises
    ------
    StoreError
        When an index cannot be read or written, or is open elsewhere when it is to be replaced.
    AudioError
        When a decoder crashes.
    """
    config = profile.fingerprint
    beside = database.with_name(f"{database.name}.{config.digest[:12]}.new")
    with open_store(database, None) as old:
        songs = old.songs()
        if old.config.digest == config.digest:
            return Reindexed(len(songs), (), False, beside)
    with open_store(beside, config, create=True) as new:
        gone = _learn(songs, new, n_workers=n_workers, limits=limits, note=note)
        n_songs = new.n_songs()
    is_swapped = drop_gone or not gone
    if is_swapped:
        swap(beside, database)
    return Reindexed(n_songs, tuple(gone), is_swapped, beside)


def _learn(
    songs: Sequence[Song],
    new: Store,
    *,
    n_workers: int | None,
    limits: AudioLimits | None,
    note: Callable[[int, int], None],
) -> list[Gone]:
    """Learn what ``new`` lacks of the songs, in order, and return those whose audio is gone."""
    gone: list[Gone] = []
    left = [song for song in songs if new.find(song.checksum) is None]
    n_done = len(songs) - len(left)
    for batch in _batches(left):
        entries = []
        for song, found in _extracted(batch, new.config, n_workers, limits or AudioLimits()):
            if isinstance(found, str):
                gone.append(Gone(song, found))
            else:
                again = NewSong(song.name, song.checksum, found.duration_s, song.metadata)
                entries.append((again, found.hashes, found.peaks))
            n_done += 1
            note(n_done, len(songs))
        new.add_songs(entries)
    return gone


def _batches(songs: Sequence[Song]) -> Iterator[Sequence[Song]]:
    for first in range(0, len(songs), BATCH_SONGS):
        yield songs[first : first + BATCH_SONGS]


def _extracted(
    songs: Sequence[Song], config: FingerprintConfig, n_workers: int | None, limits: AudioLimits
) -> Iterator[tuple[Song, Fingerprint | str]]:
    """Yield each song with its fingerprint, or the reason why there is none."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    n = min(n_workers or os.cpu_count() or 1, len(songs))
    with ProcessPoolExecutor(n, mp_context=context) as pool:
        waiting = [
            pool.submit(
                _again, str(song.metadata.get("source") or ""), song.checksum, config, limits
            )
            for song in songs
        ]
        for song, future in zip(songs, waiting, strict=True):
            try:
                yield song, future.result()
            except BrokenProcessPool:
                raise AudioError(
                    f"a decoder crashed near {song.name}: its file is damaged, restore or "
                    "remove the song; the old index is unchanged"
                ) from None


def _again(
    source: str, content: str, config: FingerprintConfig, limits: AudioLimits
) -> Fingerprint | str:
    """Return the fingerprint of a song's file, or why it is not to be had."""
    if not source:
        return "no file was recorded for it"
    path = Path(source)
    if not path.is_file():
        return f"{source} is not there any more"
    try:
        if checksum(path) != content:
            return f"{source} holds something else now"
        return extract(path, config, limits)
    except AudioError as error:
        return str(error)
