"""Speed and size, measured on real audio and on an index of realistic postings.

Each measurement is the median of several runs after a warm-up, on one core unless it says
otherwise. Ratios to real time are seconds of audio per second of computing.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import soundfile
from rich.progress import Progress

from experiments.corpora import Corpus, Track
from experiments.excerpts import cut, pick_excerpts, seeded_rng
from fpcore import Library, pipeline
from fpcore.audio import decode_blocks, load
from fpcore.config import FingerprintConfig, Profile
from fpcore.hashing import pack, unpack
from fpcore.records import Hashes, LongArray, Peaks
from fpcore.store import Entry, NewSong, Store, open_store

N_POSTINGS = 10_000_000
N_SONGS = 400
N_LOOKUP = 2_000
SONG_S = 180.0
BATCH_SONGS = 20
REPEATS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: what, its value and unit, and the value to reach where one is set.

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
    source: Corpus, profiles: Sequence[Profile], progress: Progress, *, n_postings: int = N_POSTINGS
) -> Iterator[Figure]:
    """Yield the figures, as they are measured; the last profile's index is the one examined."""
    task = progress.add_task("Fingerprinting", total=None)
    longest = max(source.tracks, key=lambda track: track.duration_s)
    for profile, reach in zip(profiles, (1500, 1000), strict=True):
        yield fingerprint_speed(source, longest, profile, reach)
    progress.update(task, description="Decoding and learning")
    yield ingest_speed(source, profiles[-1])
    with TemporaryDirectory(prefix="fpbench-") as folder:
        yield from index_figures(source, profiles[-1], Path(folder), progress, n_postings)
    progress.remove_task(task)


def fingerprint_speed(source: Corpus, track: Track, profile: Profile, reach: float) -> Figure:
    """Return spectrogram, peaks and pairs of decoded audio, × real time."""
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
    source: Corpus, profile: Profile, folder: Path, progress: Progress, n_postings: int
) -> Iterator[Figure]:
    """Yield size and times of an index of real songs among many synthetic ones."""
    config = profile.fingerprint
    real = [_entry(source, track, config) for track in source.tracks]
    pool = np.concatenate([hashes.token for _, hashes, _ in real])
    rng = seeded_rng(0, "bench")
    with open_store(folder / "index.db", config, create=True) as store:
        _fill(store, real, progress)
        n_more = N_SONGS - len(real)
        _fill(store, synthetic_songs(pool, config, rng, n_more), progress)
        yield recognition_time(source, store, profile, folder)
        stats = store.stats()
        per_song = stats.n_postings / stats.n_songs
        n_more = round((n_postings - stats.n_postings) / per_song)
        started = perf_counter()
        _fill(store, synthetic_songs(pool, config, rng, n_more), progress)
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


def recognition_time(source: Corpus, store: Store, profile: Profile, folder: Path) -> Figure:
    """Return the median time to recognise a 10 s WAV file, decoding included."""
    rate = profile.fingerprint.sample_rate_hz
    long_enough = [track for track in source.tracks if track.duration_s >= 10]
    times = []
    library = Library(store, profile)
    for track in long_enough[:: max(1, len(long_enough) // 20)]:
        signal = load(source.path_of(track), sample_rate_hz=rate)
        rng = seeded_rng(0, "bench", track.id)
        [excerpt] = pick_excerpts(signal, track_id=track.id, n=1, duration_s=10.0, rng=rng)
        clip = folder / "clip.wav"
        soundfile.write(clip, cut(signal, excerpt).samples, rate)
        times.append(median_s(lambda: library.recognize(clip), repeats=3))  # noqa: B023
    n_songs = store.n_songs()
    name = f"recognise a 10 s WAV among {n_songs} songs, warm, {profile.name}"
    return Figure(name, statistics.median(times) * 1e3, "ms", 80)


def synthetic_songs(
    pool: LongArray, config: FingerprintConfig, rng: np.random.Generator, n_songs: int
) -> Iterator[Entry]:
    """Yield songs of 180 s whose hashes are spread like those of a pool of real tokens.

    Tokens are drawn from the pool and moved by up to 20 bins and one frame, so that there are
    more of them than real music was at hand for, in the same regions.
    """
    per_second = 10.0 * config.pairs.fan_out if config.peaks.max_peaks_per_s else 100.0
    n_hashes, n_frames = round(SONG_S * per_second), round(SONG_S / config.hop_s)
    first, last = config.first_bin, config.first_bin + config.n_bins - 1
    for number in range(max(n_songs, 0)):
        f1, f2, dt = unpack(rng.choice(pool, n_hashes), config)
        shift = rng.integers(-20, 21, n_hashes).astype(np.int32)
        f1, f2 = np.clip(f1 + shift, first, last), np.clip(f2 + shift, first, last)
        dt = np.clip(dt + rng.integers(-1, 2, n_hashes), 0, config.max_delta_frames)
        frame = np.sort(rng.integers(0, n_frames, n_hashes)).astype(np.int32)
        hashes = Hashes(pack(f1, f2, dt, config), frame)
        # Each peak anchors as many hashes as the fan-out allows.
        anchors = slice(None, None, config.pairs.fan_out)
        order = np.lexsort((f1[anchors], frame[anchors]))
        levels = rng.uniform(6, 40, len(order)).astype(np.float32)
        peaks = Peaks(frame[anchors][order], f1[anchors][order].astype(np.int32), levels)
        checksum = f"synthetic-{number}-{rng.integers(2**62):x}"
        yield NewSong(f"synthetic {number}", checksum, SONG_S), hashes, peaks


def _entry(source: Corpus, track: Track, config: FingerprintConfig) -> Entry:
    path = source.path_of(track)
    blocks = decode_blocks(path, sample_rate_hz=config.sample_rate_hz, resampler=config.resampler)
    found = pipeline.fingerprint(blocks, config)
    song = NewSong(track.id, track.checksum, found.duration_s)
    return song, found.hashes, found.peaks


def _fill(store: Store, songs: Sequence[Entry] | Iterator[Entry], progress: Progress) -> None:
    task = progress.add_task("Filling the index", total=None)
    batch: list[Entry] = []
    for song in songs:
        batch.append(song)
        if len(batch) == BATCH_SONGS:
            store.add_songs(batch)
            progress.update(task, advance=len(batch), description=f"{store.n_songs()} songs")
            batch = []
    if batch:
        store.add_songs(batch)
    progress.remove_task(task)
