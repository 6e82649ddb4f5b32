"""Benchmarks of the core: speed and size, on real audio and on an index of realistic postings.

Each measurement is the median of several runs after a warm-up, on one core unless it says
otherwise. Ratios to real time are seconds of audio per second of computing.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from experiments.corpora import Corpus, Track
from experiments.degradations import Degradation
from experiments.degradations.config import Speed
from experiments.folders import temporary_folder
from experiments.progress import Tell
from experiments.seeds import seeded_rng
from experiments.studies.large_index.songs import (
    clips,
    fill,
    real_songs,
    synthetic_songs,
    tokens_of,
)
from fpcore import Library, pipeline
from fpcore.audio import decode_blocks, load
from fpcore.config import Profile
from fpcore.records import LongArray
from fpcore.store import Entry, Store, open_store

N_POSTINGS = 10_000_000
N_SONGS = 400
N_LOOKUP = 2_000
N_CLIPS = 20
REPEATS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: its name, value and unit, and the value to reach where one is set.

    ``at_least`` says whether more is better; without ``reach`` the figure is for information.
    """

    name: str
    value: float
    unit: str
    reach: float | None = None
    at_least: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the value is as good as ``reach``; None without one."""
        if self.reach is None:
            return None
        return self.value >= self.reach if self.at_least else self.value <= self.reach


def median_s(action: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """Return the median seconds of an action over several runs after one that is not counted."""
    action()
    seconds = []
    for _ in range(repeats):
        started = perf_counter()
        action()
        seconds.append(perf_counter() - started)
    return statistics.median(seconds)


def measure(
    source: Corpus, profiles: Sequence[Profile], show: Tell, *, n_postings: int = N_POSTINGS
) -> Iterator[Figure]:
    """Yield the figures of the core, as they are measured.

    Parameters
    ----------
    source : Corpus
        Real music: its longest track is fingerprinted, and its songs are in the index.
    profiles : sequence of two Profile
        Each is timed; the index is made under the last one.
    show : Tell
        Is told what is being measured.
    n_postings : int, optional
        Size to which the index is filled with synthetic songs.

    Yields
    ------
    Figure
    """
    show("Fingerprinting")
    longest = max(source.tracks, key=lambda track: track.duration_s)
    for profile, reach in zip(profiles, (1500, 2000), strict=True):
        yield fingerprint_speed(source, longest, profile, reach)
    show("Decoding and learning")
    yield ingest_speed(source, profiles[-1])
    with temporary_folder() as folder:
        yield from index_figures(source, profiles[-1], folder, show, n_postings)


def fingerprint_speed(source: Corpus, track: Track, profile: Profile, reach: float) -> Figure:
    """Return how fast decoded audio is fingerprinted, × real time.

    Parameters
    ----------
    source : Corpus
        Where the track is from.
    track : Track
        What is fingerprinted; decoding is not timed.
    profile : Profile
        With which.
    reach : float
        Ratio to real time to reach.
    """
    config = profile.fingerprint
    signal = load(source.path_of(track), sample_rate_hz=config.sample_rate_hz)
    seconds = median_s(lambda: pipeline.fingerprint([signal.samples], config))
    name = f"spectrogram + peaks + pairs, one core, {profile.name}"
    return Figure(name, signal.duration_s / seconds, "× real time", reach, at_least=True)


def ingest_speed(source: Corpus, profile: Profile) -> Figure:
    """Return decoding and fingerprinting of files, × real time of one core."""
    config = profile.fingerprint
    tracks = source.tracks[:: max(1, len(source.tracks) // 12)]
    seconds = 0.0
    for track in tracks:
        path = source.path_of(track)
        started = perf_counter()
        pipeline.fingerprint(decode_blocks(path, sample_rate_hz=config.sample_rate_hz), config)
        seconds += perf_counter() - started
    duration_s = sum(track.duration_s for track in tracks)
    name = f"decode + fingerprint {len(tracks)} files of {source.name}, one core, {profile.name}"
    return Figure(name, duration_s / seconds, "× real time", 300, at_least=True)


def index_figures(
    source: Corpus, profile: Profile, folder: Path, show: Tell, n_postings: int
) -> Iterator[Figure]:
    """Yield size and times of an index of real songs among many synthetic ones.

    Parameters
    ----------
    source : Corpus
        The real songs.
    profile : Profile
        Under which the index is made and asked.
    folder : Path
        An empty folder for the index.
    show : Tell
        Is told what is being done.
    n_postings : int
        Size to which the index is filled after recognition was timed among `N_SONGS` songs.

    Yields
    ------
    Figure
    """
    config = profile.fingerprint
    real = list(real_songs(source, config))
    pool = tokens_of(real)
    rng = seeded_rng(0, "bench")
    with open_store(folder / "index.db", config, create=True) as store:
        _fill(store, real, show)
        n_more = N_SONGS - len(real)
        _fill(store, synthetic_songs(pool, config, rng, n_more), show)
        yield from recognition_times(source, store, profile, folder)
        stats = store.stats()
        per_song = stats.n_postings / stats.n_songs
        n_more = round((n_postings - stats.n_postings) / per_song)
        started = perf_counter()
        _fill(store, synthetic_songs(pool, config, rng, n_more), show)
        yield Figure("insert", n_more * per_song / (perf_counter() - started) / 1e3, "k postings/s")
        yield from _index_figures(store, pool, rng)


def _index_figures(store: Store, pool: LongArray, rng: np.random.Generator) -> Iterator[Figure]:
    stats = store.stats()
    millions = f"{stats.n_postings / 1e6:.1f} M postings"
    if stats.lookup_bytes is not None:
        per_posting = stats.lookup_bytes / stats.n_postings
        yield Figure(f"bytes a posting that look-up reads, {millions}", per_posting, "bytes", 18)
    whole = stats.file_bytes / stats.n_postings
    yield Figure(f"bytes a posting, whole file, {millions}", whole, "bytes", 27)
    asked = np.unique(rng.choice(pool, 2 * N_LOOKUP))[:N_LOOKUP]
    seconds = median_s(lambda: store.lookup(asked))
    yield Figure(f"look-up of {len(asked)} hashes, warm, {millions}", seconds * 1e3, "ms", 15)
    doomed = iter(rng.permutation([song.id for song in store.songs()])[: REPEATS + 1])
    seconds = median_s(lambda: store.remove(int(next(doomed))))
    yield Figure(f"remove one song, {millions}", seconds * 1e3, "ms", 150)


def recognition_times(
    source: Corpus, store: Store, profile: Profile, folder: Path
) -> Iterator[Figure]:
    """Yield median times to recognise 10 s WAV files, decoding included.

    Clips as they are, are recognised in the first pass; those played at another speed take all
    passes.

    Parameters
    ----------
    source : Corpus
        Songs that clips are cut from.
    store : Store
        An index that holds them.
    profile : Profile
        Under which the index was made, and is asked.
    folder : Path
        Where a clip is written before it is asked.

    Yields
    ------
    Figure
    """
    rate = profile.fingerprint.sample_rate_hz
    library = Library(store, profile)
    clip = folder / "clip.wav"
    kinds: tuple[tuple[str, tuple[Degradation, ...], float], ...] = (
        ("recognise a 10 s WAV", (), 30),
        ("the same played 3% faster", (Speed(factor=1.03),), 250),
    )
    for what, chain, reach in kinds:
        times = []
        for content in clips(source, rate, n=N_CLIPS, duration_s=10.0, chain=chain):
            clip.write_bytes(content)
            times.append(median_s(lambda: library.recognize(clip), repeats=3))
        name = f"{what}, {store.n_songs()} songs, warm, {profile.name}"
        yield Figure(name, statistics.median(times) * 1e3, "ms", reach)


def _fill(store: Store, songs: Iterable[Entry], show: Tell) -> None:
    fill(store, songs, lambda n: show(f"Filling the index, {n:,} songs"))
