"""Benchmark of learning: time and bytes to learn a song among none and among many.

Synthetic songs whose hashes are spread like those of a corpus are learned one at a time and in
batches, into an index that grows from size to size; at each, hashes are looked up right after.
Bytes written are those that this process hands to the system, for the database, its log and the
files beside it, merges included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import psutil

from experiments.corpora import Corpus
from experiments.progress import Tell
from experiments.seeds import seeded_rng
from experiments.studies.benchmarks.core import N_LOOKUP, Figure, median_s
from experiments.studies.benchmarks.scale import SONG_S
from experiments.studies.large_index.scratch import room_for
from experiments.studies.large_index.songs import (
    BATCH_SONGS,
    fill,
    real_songs,
    synthetic_songs,
    tokens_of,
)
from fpcore.config import Profile
from fpcore.errors import FpError
from fpcore.records import LongArray
from fpcore.store import Entry, Store, open_store
from fpcore.store.layout import LayoutName

N_REAL = 40
"""Songs of the corpus whose tokens the synthetic ones are drawn from."""

N_ONE = 64
"""Songs that are learned one at a time at each size."""

N_BATCHED = 160
"""Songs that are learned in batches at each size."""


@dataclass(frozen=True, slots=True)
class LearningCost:
    """Milliseconds and megabytes written, a song."""

    ms: float
    megabytes: float


def measure(
    source: Corpus,
    profile: Profile,
    sizes: Sequence[int],
    *,
    layout: LayoutName,
    show: Tell,
) -> Iterator[Figure]:
    """Yield the figures of each size of the index, as they are measured.

    Parameters
    ----------
    source : Corpus
        Real songs, whose tokens the learned ones are drawn from.
    profile : Profile
        Under which they are learned.
    sizes : sequence of int, ascending
        Songs that the index holds when learning is timed.
    layout : {"classic", "segments"}
        How the index keeps postings.
    show : Tell
        Is told what is being done.

    Yields
    ------
    Figure

    Raises
    ------
    FpError
        When the disk of the cache folder has no room for the largest index.
    """
    config = profile.fingerprint
    show("Fingerprinting")
    pool = tokens_of(islice(real_songs(source, config), N_REAL))
    rng, limit = seeded_rng(0, "bench"), max(sizes) + len(sizes) * (N_ONE + N_BATCHED)
    songs = synthetic_songs(pool, config, rng, limit, duration_s=SONG_S)
    with (
        room_for(limit) as folder,
        open_store(folder / "index.db", config, create=True, layout=layout) as store,
    ):
        times = []
        for size in sizes:
            missing = max(size - store.n_songs(), 0)
            fill(store, islice(songs, missing), lambda n: show(f"Learning, {n:,} songs"))
            show(f"Learning among {size:,} songs")
            one, batched = _learned(store, songs, N_ONE, 1), _learned(store, songs, N_BATCHED, 20)
            times.append(one.ms)
            yield from _figures(f"among {size:,} songs", one, batched)
            asked = f"look-up of {N_LOOKUP:,} hashes among {size:,} songs, right after"
            yield Figure(asked, _lookup_ms(store, pool), "ms", 2)
        yield from _sizes(store, folder)
        yield Figure(f"time to learn one, the last to {sizes[0]:,}", times[-1] / times[0], "×", 1.3)


def compared(source: Corpus, profile: Profile, address: str, *, show: Tell) -> Iterator[Figure]:
    """Yield how fast songs are learned into an empty PostgreSQL database, and into a file.

    The same songs go into both, in turns, so that what else the machine does slows both.

    Parameters
    ----------
    source : Corpus
        Real songs, whose tokens the learned ones are drawn from.
    profile : Profile
        Under which they are learned.
    address : str
        Of the database, ``postgresql://…``; its songs are removed at the end.
    show : Tell
        Is told what is being done.

    Yields
    ------
    Figure

    Raises
    ------
    FpError
        When the database has songs already, or cannot be used.
    """
    config = profile.fingerprint
    show("Fingerprinting")
    pool = tokens_of(islice(real_songs(source, config), N_REAL))
    rng, limit = seeded_rng(0, "bench"), 2 * N_ONE + N_BATCHED
    songs = list(synthetic_songs(pool, config, rng, limit, duration_s=SONG_S))
    with (
        room_for(limit) as folder,
        open_store(folder / "index.db", config, create=True) as file,
        open_store(address, config, create=True) as server,
    ):
        if server.n_songs():
            raise FpError(f"{server.path} has songs: name an empty database")
        show("Learning")
        try:
            for store in (file, server):  # loads what the first use loads
                store.add_songs(songs[:N_ONE])
            yield from _rates(file, server, songs[N_ONE : 2 * N_ONE], 1)
            yield from _rates(file, server, songs[2 * N_ONE :], BATCH_SONGS)
        finally:
            server.clear()


def _rates(
    file: Store, server: Store, songs: Sequence[Entry], batch_songs: int
) -> Iterator[Figure]:
    spent_s = {"file": 0.0, "PostgreSQL": 0.0}
    for first in range(0, len(songs), batch_songs):
        batch = songs[first : first + batch_songs]
        for name, store in zip(spent_s, (file, server), strict=True):
            started = perf_counter()
            store.add_songs(batch)
            spent_s[name] += perf_counter() - started
    how = "one at a time" if batch_songs == 1 else f"in batches of {batch_songs}"
    for name, seconds in spent_s.items():
        yield Figure(f"learn a song {how}, {name}", 1e3 * seconds / len(songs), "ms")
    ratio = spent_s["file"] / spent_s["PostgreSQL"]
    yield Figure(f"rate in PostgreSQL to that in a file, {how}", ratio, "×", 0.5, at_least=True)


def _learned(store: Store, songs: Iterator[Entry], n_songs: int, batch_songs: int) -> LearningCost:
    """Learn some songs in batches, and return what one took."""
    wanted = list(islice(songs, n_songs))
    written, started = _written(), perf_counter()
    for first in range(0, n_songs, batch_songs):
        store.add_songs(wanted[first : first + batch_songs])
    spent_s = perf_counter() - started
    return LearningCost(1e3 * spent_s / n_songs, (_written() - written) / n_songs / 1e6)


def _written() -> int:
    """Return the bytes that this process has written."""
    counted = psutil.Process().io_counters()
    return int(getattr(counted, "write_chars", counted.write_bytes))


def _figures(where: str, one: LearningCost, batched: LearningCost) -> Iterator[Figure]:
    yield Figure(f"learn one song {where}", one.ms, "ms")
    yield Figure(f"written for it {where}", one.megabytes, "MB", 1.5)
    yield Figure(f"learn a song in batches of {BATCH_SONGS} {where}", batched.ms, "ms")
    yield Figure(f"written for it, in batches, {where}", batched.megabytes, "MB", 1.5)


def _lookup_ms(store: Store, pool: LongArray) -> float:
    """Return the median milliseconds of look-ups, each of other hashes."""
    rng = seeded_rng(0, "bench-learn")
    return 1e3 * median_s(lambda: store.lookup(rng.choice(pool, N_LOOKUP)), repeats=40)


def _sizes(store: Store, folder: Path) -> Iterator[Figure]:
    stats = store.stats()
    if stats.lookup_bytes is not None:
        per_posting = stats.lookup_bytes / stats.n_postings
        yield Figure("what look-ups read, a posting", per_posting, "bytes", 5.5)
    n_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    yield Figure("all files, a posting", n_bytes / stats.n_postings, "bytes", 11)
