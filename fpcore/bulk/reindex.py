"""Re-indexing: a new index of the same songs under another profile, made from their files.

The new index grows in a file beside the old one, which stays in use until the end and is then
replaced at once. An interrupted run is continued by the next one under the same profile; a run that
comes to its end removes what runs under others have left. Songs keep their names and
metadata. They get new ids, in the same order, but after those of songs that an earlier run has
done already. Songs that are learned or removed while this runs are taken over too.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpcore.audio import AudioLimits
from fpcore.bulk.learn import Extracted, Extraction, extract_files
from fpcore.config import Profile
from fpcore.errors import StoreError
from fpcore.profiles import MadeWith
from fpcore.store import Entry, NewSong, Song, Store, open_store
from fpcore.store.swapping import Inventory, discard, discard_spare, inventory, swap

BATCH_SONGS = 50
"""Songs decoded together and written in one transaction: at most so many are lost by a kill."""

_BESIDE = re.compile(r"\.([0-9a-f]{12})\.new")
"""What follows the name of an index in that of the one that is made to take its place."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A song that cannot be learned again, and why."""

    song: Song
    reason: str


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What became of an index: how many songs the new one has, and which it lacks.

    Unless ``swapped``, the old index is still in its place, and the new one in ``beside`` if it has
    songs. ``tidied`` were unfinished indexes of earlier runs and are removed. ``renewed`` is an
    index that had the hashes already, and is asked under the profile from now on.
    """

    n_songs: int
    gone: tuple[Gone, ...]
    swapped: bool
    beside: Path
    tidied: tuple[Path, ...] = ()
    renewed: bool = False


def reindex(
    database: Path,
    profile: Profile,
    *,
    drop_gone: bool = False,
    n_workers: int | None = None,
    limits: AudioLimits | None = None,
    busy_timeout_s: float = 30.0,
    note: Callable[[int, int], None] = lambda n_done, n_songs: None,
) -> Reindexed:
    """Make the index in ``database`` anew under ``profile`` and put it in the old one's place.

    Parameters
    ----------
    database : Path
        The file of the index.
    profile : Profile
        The configuration of the new index.
    drop_gone : bool
        Swap even if the audio of some songs is gone; without, the old index then stays, as it
        does when the audio of all is gone.
    n_workers : int, optional
        Worker processes, >= 1; without, one for each core.
    limits : AudioLimits, optional
        Bounds on the audio that is decoded.
    busy_timeout_s : float
        Seconds to wait for others that have the index open when it is to be replaced.
    note : callable
        Called with the number of songs done and the number of all.

    Returns
    -------
    Reindexed
        Whether the new index is in place, and which songs it lacks. An index with the hashes of the
        profile is not made anew, but asked under this one from now on.

    Raises
    ------
    StoreError
        When an index cannot be read or written, is open elsewhere when it is to be replaced, or
        would lose all its songs.
    """
    config = profile.fingerprint
    job = Extraction(config, limits or AudioLimits())
    n_workers = n_workers or os.cpu_count() or 1
    kept = MadeWith.of(profile)
    beside = database.with_name(f"{database.name}.{config.digest[:12]}.new")
    while True:
        old = inventory(database, busy_timeout_s)
        if old.digest == config.digest:
            with open_store(database, config, busy_timeout_s=busy_timeout_s) as same:
                renewed = _remembered(same, kept)
            tidied = _tidied(database, old)  # a run that was killed at its very end leaves one
            return Reindexed(len(old.songs), (), False, beside, tidied, renewed)
        with open_store(
            beside, config, create=True, made_with=kept, busy_timeout_s=busy_timeout_s
        ) as new:
            _remembered(new, kept)  # an earlier run may have begun under another one
            _forget_others(new, old.songs)
            gone = _learn(old.songs, new, job, n_workers, note)
            n_songs = new.n_songs()
        if gone and not n_songs:
            discard(beside)
        if gone and drop_gone and not n_songs:
            raise StoreError(
                f"{database} is unchanged, for no song of it would remain: {gone[0].reason}; see "
                "whether the disk with the music is there, and learn moved music from its new place"
            )
        if gone and not drop_gone:
            return Reindexed(n_songs, tuple(gone), False, beside)
        if swap(beside, database, expected=old, busy_timeout_s=busy_timeout_s):
            return Reindexed(n_songs, tuple(gone), True, beside, _tidied(database, old))


def _remembered(store: Store, kept: MadeWith) -> bool:
    """Let an index keep a profile; return whether it had none or another one."""
    if store.made_with() == kept:
        return False
    store.remember(kept)
    return True


def _tidied(database: Path, last: Inventory) -> tuple[Path, ...]:
    """Remove what earlier runs left beside an index that held these songs, and return that.

    It is theirs when the name has the digest of the configuration inside, and has no song that the
    index lacked. What another run is at is open, and stays.
    """
    known = {song.checksum for song in last.songs}
    removed = []
    for path in sorted(database.parent.glob(f"{glob.escape(database.name)}.*.new")):
        named = _BESIDE.fullmatch(path.name.removeprefix(database.name))
        if named and discard_spare(path, digest=named[1], known=known):
            removed.append(path)
    return tuple(removed)


def _forget_others(new: Store, songs: Sequence[Song]) -> None:
    """Remove from ``new`` songs of an earlier run that the old index lost or changed since."""
    wanted = {song.checksum: (song.name, song.metadata) for song in songs}
    for song in new.songs():
        if wanted.get(song.checksum) != (song.name, song.metadata):
            new.remove(song.id)


def _learn(
    songs: Sequence[Song],
    new: Store,
    job: Extraction,
    n_workers: int,
    note: Callable[[int, int], None],
) -> list[Gone]:
    """Learn what ``new`` lacks of the songs, in order, and return those whose audio is gone."""
    gone: list[Gone] = []
    left = [song for song in songs if new.find(song.checksum) is None]
    n_done = len(songs) - len(left)
    note(n_done, len(songs))
    for first in range(0, len(left), BATCH_SONGS):
        batch = left[first : first + BATCH_SONGS]
        files = {song.id: _file_of(song) for song in batch}
        heard: dict[Path, Extracted | Exception] = {}
        for finished in extract_files(_paths(files.values()), job, n_workers):
            if finished is not None:
                heard |= [finished]
                note(n_done + len(heard), len(songs))
        found = [_again(song, files[song.id], heard) for song in batch]
        gone += [one for one in found if isinstance(one, Gone)]
        new.add_songs(one for one in found if not isinstance(one, Gone))
        n_done += len(batch)
        note(n_done, len(songs))
    return gone


def _file_of(song: Song) -> Path | None:
    """Return the file that a song was learned from, None when that was not recorded."""
    source = song.metadata.get("source")
    return Path(source) if isinstance(source, str) and source else None


def _paths(files: Iterable[Path | None]) -> list[Path]:
    """Return the files that are there, each once."""
    return [file for file in dict.fromkeys(files) if file is not None and _is_there(file)]


def _is_there(file: Path) -> bool:
    """Whether a file is there, as far as one may know: its folder may be closed to us."""
    try:
        return file.is_file()
    except OSError:
        return False


def _missing(file: Path) -> str:
    """Return why a file cannot be learned from that `_is_there` does not find."""
    try:
        file.stat()
    except PermissionError:
        return f"{file} cannot be read, permission denied"
    except OSError:
        pass
    return f"{file} is not there any more"


def _again(
    song: Song, file: Path | None, heard: Mapping[Path, Extracted | Exception]
) -> Entry | Gone:
    """Return what to learn of a song, or why it is gone."""
    if file is None:
        return Gone(song, "no file was recorded for it")
    if file not in heard:
        return Gone(song, _missing(file))
    found = heard[file]
    if isinstance(found, Exception):
        return Gone(song, str(found))
    if found.checksum != song.checksum or found.fingerprint is None:
        return Gone(song, f"{file} holds something else now")
    heard_now = found.fingerprint
    again = NewSong(song.name, song.checksum, heard_now.duration_s, song.metadata, heard_now.cut)
    return again, heard_now.hashes, heard_now.constellation
