"""Benchmark of scale: time and memory of recognition among 1,000 and among 10,000 songs.

The songs of a corpus are learned among synthetic ones whose hashes are spread alike, and clips
of them are recognised, right after learning and after `fpcore snapshot`. Each time is taken in a
process that does nothing else and has recognised every clip once before: the compiled code is
loaded, and the disk has been read. Clips as they are get the first pass: neither a thorough pass
nor a search over playbacks. Clips that are hard to recognise get all passes that the profile asks
for.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
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
from experiments.studies.large_index.scratch import BATCH_SONGS, room_for
from experiments.studies.large_index.songs import clips, fill, real_songs, synthetic_songs
from fpcore import Library
from fpcore.bulk.parent import end_with
from fpcore.config import Profile
from fpcore.records import DoubleArray
from fpcore.store import Store, open_store

N_CLIPS = 40
REPEATS = 3

LEARNED, MERGED = "as learned", "after `fpcore snapshot`"
"""The states of an index in which its songs are recognised."""

HARD: dict[str, tuple[Degradation, ...]] = {
    "under pink noise at -5 dB": (Pink(snr_db=-5),),
    "played 3% faster": (Speed(factor=1.03),),
}
"""Clips that a first pass does not always recognise, or never."""
N_HARD_CLIPS = 20

SONG_S = 230.0
"""Length of a synthetic song in seconds: 10,000 have 115 M postings under `balanced`."""

INDEX = "index.db"
CLIPS = "clips as they are"
"""Name of the folder of clips without a degradation; the other folders have the names in `HARD`."""


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """Seconds that each recognition took, and the resident memory of the process after them."""

    seconds: DoubleArray
    resident_bytes: int

    def quantile_ms(self, share: float) -> float:
        """Return the milliseconds that ``share`` of the recognitions do not exceed."""
        return float(np.quantile(self.seconds, share) * 1e3)


def measure(
    source: Corpus, profile: Profile, sizes: Sequence[int], *, show: Tell
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
    with room_for(max(sizes)) as folder:
        medians = []
        for size, store in _indexes(source, profile, folder, sizes, show):
            show(f"Recognising among {size:,} songs")
            without = _recognised(folder, CLIPS, first_pass(profile))
            yield from _snapshot_figures(store, size, show)
            asked = f"first pass of a 10 s WAV among {size:,} songs"
            yield from _figures(f"{asked}, {LEARNED}", without, is_target=False)
            show(f"Recognising among {size:,} songs {MERGED}")
            with_snapshot = _recognised(folder, CLIPS, first_pass(profile))
            medians.append(with_snapshot.quantile_ms(0.5))
            yield from _figures(f"{asked}, {MERGED}", with_snapshot, is_target=True)
            for kind in HARD:
                show(f"Recognising clips {kind} among {size:,} songs")
                asked = f"all passes of a 10 s WAV {kind} among {size:,} songs, {MERGED}"
                yield from _figures(asked, _recognised(folder, kind, profile), is_target=False)
        if len(medians) > 1:
            grown = f"growth of the p50 {MERGED}, {sizes[0]:,} to {sizes[-1]:,} songs"
            yield Figure(grown, medians[-1] / medians[0], "×", 4)


def _snapshot_figures(store: Store, size: int, show: Tell) -> Iterator[Figure]:
    """Make a snapshot, and yield what it took."""
    show(f"Making a snapshot of {size:,} songs")
    started = perf_counter()
    made = store.make_snapshot()
    spent_s = perf_counter() - started
    yield Figure(f"postings of {size:,} songs", store.stats().n_postings / 1e6, "M")
    yield Figure(f"`fpcore snapshot` of {size:,} songs", spent_s, "s")
    yield Figure(f"what look-ups read of {size:,} songs", made.file_bytes / 1e6, "MB")


def _figures(what: str, found: Recognised, *, is_target: bool) -> Iterator[Figure]:
    yield Figure(f"{what}, p50", found.quantile_ms(0.5), "ms")
    yield Figure(f"{what}, p95", found.quantile_ms(0.95), "ms", 100 if is_target else None)
    reach = 1500 if is_target else None
    yield Figure(f"{what}, resident memory", found.resident_bytes / 1e6, "MB", reach)


def _indexes(
    source: Corpus, profile: Profile, folder: Path, sizes: Sequence[int], show: Tell
) -> Iterator[tuple[int, Store]]:
    """Yield each size with an index of as many songs, which grows from one to the next."""
    config = profile.fingerprint
    show("Fingerprinting the corpus")
    _write_clips(source, folder / CLIPS, profile, n=N_CLIPS)
    for kind, chain in HARD.items():
        _write_clips(source, folder / kind, profile, n=N_HARD_CLIPS, chain=chain)
    real = list(real_songs(source, config))[: sizes[0]]
    pool = np.concatenate([hashes.token for _, hashes, _ in real])
    rng = seeded_rng(0, "bench")
    with open_store(folder / INDEX, config, create=True) as store:
        fill(store, real, lambda n: show(f"Learning, {n:,} songs"))
        for size in sizes:
            more = synthetic_songs(pool, config, rng, size - store.n_songs(), duration_s=SONG_S)
            fill(
                store,
                more,
                lambda n: show(f"Learning, {n:,} songs"),
                batch_songs=BATCH_SONGS,
            )
            yield size, store


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
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, end_with, (os.getpid(),)) as pool:
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
        Without each clip's first recognition.
    """
    clips = sorted(folder.glob("*.wav"))
    seconds = []
    with Library.open(database, profile) as library:
        for clip in clips:
            library.recognize(clip)
        for clip in clips * REPEATS:
            started = perf_counter()
            library.recognize(clip)
            seconds.append(perf_counter() - started)
        return Recognised(np.array(seconds), psutil.Process().memory_info().rss)
