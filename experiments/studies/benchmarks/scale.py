"""Benchmark of scale: time and memory of recognition among 1,000 and among 10,000 songs.

The songs of a corpus are learned among synthetic ones whose hashes are spread alike, in batches as
`fpcore.bulk.learn` writes them, and clips of them are recognised right after, while segments may
still be merged. Each time is taken in a process that does nothing else and has recognised every
clip once before: the compiled code is loaded, and the disk has been read. Clips as they are get the
first pass: neither a thorough pass nor a search over playbacks. Clips that are hard to recognise
get all passes that the profile asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil

from experiments.corpora import Corpus
from experiments.degradations import Degradation
from experiments.degradations.config import Pink, Speed
from experiments.progress import Tell
from experiments.seeds import seeded_rng
from experiments.studies.benchmarks.core import Figure
from experiments.studies.large_index.scratch import room_for
from experiments.studies.large_index.songs import (
    clips,
    fill,
    real_songs,
    synthetic_songs,
    tokens_of,
)
from experiments.workers import own_process
from fpcore import Library
from fpcore.bulk.learn import BATCH_SONGS
from fpcore.bulk.parent import end_with_parent
from fpcore.config import Profile
from fpcore.records import DoubleArray
from fpcore.store import Entry, Store, open_store

N_CLIPS = 40
REPEATS = 3

HARD: dict[str, tuple[Degradation, ...]] = {
    "under pink noise at -5 dB": (Pink(snr_db=-5),),
    "played 3% faster": (Speed(factor=1.03),),
}
"""Clips that a first pass does not always recognise, or never."""
N_HARD_CLIPS = 20

SONG_S = 230.0
"""Length of a synthetic song in seconds: 10,000 have 115 M postings under `balanced`."""

PACE_SONGS = 1000
"""Songs over which a rate of learning is taken."""

REACH_MS = {10_000: 40.0, 100_000: 150.0}
"""What a first pass should not exceed in 95 of 100 clips, among so many songs."""
REACH_MORE_MS = 50.0
"""The same right after more songs were learned."""
REACH_MB = 2000.0
"""Memory that a process should not exceed, beside the files that are mapped."""
REACH_FIRST_MS = 500.0
"""How long opening an index should take at most, with the first answer."""

INDEX = "index.db"
CLIPS = "clips as they are"
"""Name of the folder of clips without a degradation; the other folders have the names in `HARD`."""


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """Seconds that a process took to open an index and answer once, and for each answer then.

    The memory is what it holds afterwards, beside the pages of files, which all processes share.
    """

    first_s: float
    seconds: DoubleArray
    resident_bytes: int

    def quantile_ms(self, share: float) -> float:
        """Return the milliseconds that ``share`` of the recognitions do not exceed."""
        return float(np.quantile(self.seconds, share) * 1e3)


def measure(
    source: Corpus, profile: Profile, sizes: Sequence[int], *, n_more: int, show: Tell
) -> Iterator[Figure]:
    """Yield the figures of each size of the index, as they are measured.

    Parameters
    ----------
    source : Corpus
        Songs that are learned among synthetic ones, and asked.
    profile : Profile
        Under which they are learned and asked.
    sizes : sequence of int, ascending
        Sizes of the index in songs.
    n_more : int, at least 1
        Songs that are learned in the end before the first pass is measured once more.
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
    with room_for(max(sizes) + n_more) as folder:
        show("Fingerprinting the corpus")
        _write_clips(source, folder / CLIPS, profile, n=N_CLIPS)
        for kind, chain in HARD.items():
            _write_clips(source, folder / kind, profile, n=N_HARD_CLIPS, chain=chain)
        real = list(real_songs(source, config))[: sizes[0]]
        pool = tokens_of(real)
        n_synthetic = max(sizes) + n_more - len(real)
        rng = seeded_rng(0, "bench")
        songs = synthetic_songs(pool, config, rng, n_synthetic, duration_s=SONG_S)
        with open_store(folder / INDEX, config, create=True) as store:
            fill(store, real, lambda n: show(f"Learning, {n:,} songs"))
            yield from _among_each(store, songs, folder, profile, sizes, show)
            _learn(store, islice(songs, n_more), show)
            asked = f"first pass of a 10 s WAV right after {n_more:,} more songs"
            show("Recognising right after")
            found = _recognised(folder, CLIPS, first_pass(profile))
            yield from _figures(asked, found, reach_ms=REACH_MORE_MS)


def _among_each(
    store: Store,
    songs: Iterator[Entry],
    folder: Path,
    profile: Profile,
    sizes: Sequence[int],
    show: Tell,
) -> Iterator[Figure]:
    """Let the index grow from size to size, and yield the figures of each."""
    medians, spent = [], []
    for size in sizes:
        spent += _learn(store, islice(songs, size - store.n_songs()), show)
        among = f"among {size:,} songs"
        show(f"Recognising {among}")
        found = _recognised(folder, CLIPS, first_pass(profile))
        medians.append(found.quantile_ms(0.5))
        yield Figure(f"postings of {size:,} songs", store.stats().n_postings / 1e6, "M")
        yield Figure(f"learning the synthetic ones {among}", sum(spent), "s")
        yield Figure(
            f"opening and the first answer {among}", 1e3 * found.first_s, "ms", REACH_FIRST_MS
        )
        asked = f"first pass of a 10 s WAV {among}"
        yield from _figures(asked, found, reach_ms=REACH_MS.get(size))
        for kind in HARD:
            show(f"Recognising clips {kind} {among}")
            found = _recognised(folder, kind, profile)
            yield from _figures(f"all passes of a 10 s WAV {kind} {among}", found)
    if len(sizes) > 1:
        grown = f"growth of the p50 of a first pass, {sizes[0]:,} to {sizes[-1]:,} songs"
        yield Figure(grown, medians[-1] / medians[0], "×", 4)
    if spent:
        n_batches = PACE_SONGS // BATCH_SONGS
        rate = sum(spent[:n_batches]) / sum(spent[-n_batches:])
        pace = f"rate of learning, the last {PACE_SONGS:,} songs to the first"
        yield Figure(pace, rate, "×", 0.8, at_least=True)


def _learn(store: Store, songs: Iterator[Entry], show: Tell) -> list[float]:
    """Learn songs in batches, and return the seconds that each batch took."""
    spent = []
    while batch := list(islice(songs, BATCH_SONGS)):
        started = perf_counter()
        store.add_songs(batch)
        spent.append(perf_counter() - started)
        show(f"Learning, {store.n_songs():,} songs")
    return spent


def _figures(what: str, found: Recognised, *, reach_ms: float | None = None) -> Iterator[Figure]:
    yield Figure(f"{what}, p50", found.quantile_ms(0.5), "ms")
    yield Figure(f"{what}, p95", found.quantile_ms(0.95), "ms", reach_ms)
    yield Figure(f"{what}, memory", found.resident_bytes / 1e6, "MB", REACH_MB)


def _write_clips(
    source: Corpus, folder: Path, profile: Profile, *, n: int, chain: Sequence[Degradation] = ()
) -> None:
    rate = profile.fingerprint.sample_rate_hz
    folder.mkdir()
    wanted = clips(source, rate, n=n, duration_s=10.0, chain=chain)
    for number, clip in enumerate(wanted):
        (folder / f"{number:03d}.wav").write_bytes(clip)


def first_pass(profile: Profile) -> Profile:
    """Return a profile without passes after the first one."""
    alone = profile.query.model_copy(update={"thorough": None, "playback": None})
    return profile.model_copy(update={"query": alone})


def _recognised(folder: Path, kind: str, profile: Profile) -> Recognised:
    with ProcessPoolExecutor(1, own_process(), end_with_parent) as pool:
        return pool.submit(recognise, folder / INDEX, folder / kind, profile).result()


def recognise(database: Path, folder: Path, profile: Profile) -> Recognised:
    """Recognise each clip of a folder several times, in this process.

    Parameters
    ----------
    database : Path
        The index.
    folder : Path
        Holds the clips as WAV files.
    profile : Profile
        Under which the index was made, and is asked.

    Returns
    -------
    Recognised
        Its times leave out each clip's first recognition.
    """
    clips = sorted(folder.glob("*.wav"))
    seconds = []
    started = perf_counter()
    with Library.open(database, profile) as library:
        library.recognize(clips[0])
        first_s = perf_counter() - started
        for clip in clips[1:]:
            library.recognize(clip)
        for clip in clips * REPEATS:
            started = perf_counter()
            library.recognize(clip)
            seconds.append(perf_counter() - started)
    memory = psutil.Process().memory_info()
    return Recognised(first_s, np.array(seconds), memory.rss - getattr(memory, "shared", 0))
