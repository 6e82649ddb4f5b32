"""Songs to measure with: the real ones of a corpus, synthetic ones, and clips of the real ones.

Synthetic songs have hashes spread like real ones, so that an index of them has the size and the
look-up times of a real one. They are no music: whether a stranger is mistaken for one says nothing
(see `experiments.studies.false_alarms.surrogates`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import soundfile

from experiments.corpora import Corpus, Track
from experiments.degradations import Degradation, degrade
from experiments.protocol.excerpts import cut, pick_excerpts
from experiments.seeds import seeded_rng
from fpcore import pipeline
from fpcore.audio import decode_blocks, load
from fpcore.config import FingerprintConfig
from fpcore.records import Constellation, Hashes, IntArray, LongArray
from fpcore.stages.hashing import pack, unpack
from fpcore.store import Entry, NewSong, Store

SONG_S = 180.0
"""Length of a synthetic song."""

BATCH_SONGS = 20
"""Songs that are written in one transaction."""


def real_songs(source: Corpus, config: FingerprintConfig) -> Iterator[Entry]:
    """Yield the songs of a corpus under their track ids."""
    for track in source.tracks:
        yield _entry(source, track, config)


def _entry(source: Corpus, track: Track, config: FingerprintConfig) -> Entry:
    path = source.path_of(track)
    blocks = decode_blocks(path, sample_rate_hz=config.sample_rate_hz, resampler=config.resampler)
    found = pipeline.fingerprint(blocks, config)
    song = NewSong(track.id, track.checksum, found.duration_s)
    return song, found.hashes, found.constellation


def tokens_of(songs: Iterable[Entry]) -> LongArray:
    """Return the tokens of songs one after another, int64 (n,): what others are drawn from."""
    return np.concatenate([hashes.token for _, hashes, _ in songs])


def synthetic_songs(
    pool: LongArray,
    config: FingerprintConfig,
    rng: np.random.Generator,
    n_songs: int,
    *,
    duration_s: float = SONG_S,
) -> Iterator[Entry]:
    """Yield songs whose hashes are spread like those of a pool of real tokens.

    Tokens are drawn from the pool and moved by up to 20 bins and one frame: they lie in the same
    regions as real ones, but there are more different ones.

    Parameters
    ----------
    pool : int64 (n,)
        Tokens of real songs.
    config : FingerprintConfig
        With which the tokens were made.
    rng : numpy.random.Generator
        Draws tokens, times and levels.
    n_songs : int
        How many songs; none when it is 0 or less.
    duration_s : float, above 0, optional
        Length of each song in seconds.

    Yields
    ------
    Entry
        A song named ``synthetic N``, its hashes and its peaks, sorted by frame.
    """
    per_second = 10.0 * config.pairs.fan_out if config.peaks.max_peaks_per_s else 100.0
    n_hashes, n_frames = round(duration_s * per_second), round(duration_s / config.hop_s)
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
        peaks = _with_fainter(frame[anchors], f1[anchors].astype(np.int32), config, rng)
        checksum = f"synthetic-{number}-{rng.integers(2**62):x}"
        yield NewSong(f"synthetic {number}", checksum, duration_s), hashes, peaks


def _with_fainter(
    frame: IntArray, bin_: IntArray, config: FingerprintConfig, rng: np.random.Generator
) -> Constellation:
    """Return paired peaks, with as many fainter ones between them as ``config`` keeps."""
    paired, kept = config.peaks.max_peaks_per_s, config.peaks.kept_peaks_per_s
    n_fainter = round(len(frame) * max(kept / paired - 1, 0)) if paired and kept else 0
    moved = rng.integers(len(frame), size=n_fainter) if len(frame) else np.empty(0, np.int64)
    frames, bins = np.concatenate([frame, frame[moved]]), np.concatenate([bin_, bin_[::-1][moved]])
    order = np.lexsort((bins, frames))
    levels = rng.uniform(6, 40, len(order)).astype(np.float32)
    unknown = np.zeros(len(order), np.float32)
    is_paired = order < len(frame)
    return Constellation(frames[order], bins[order], levels, unknown, is_paired)


def fill(
    store: Store,
    songs: Iterable[Entry],
    show: Callable[[int], None],
    *,
    batch_songs: int = BATCH_SONGS,
) -> None:
    """Add songs to a store in batches.

    Parameters
    ----------
    store : Store
        Open for writing.
    songs : iterable of Entry
        What is added; read as it is needed.
    show : callable
        Called after each batch with the number of songs in the store.
    batch_songs : int, at least 1, optional
        Songs in one transaction.
    """
    batch: list[Entry] = []
    for song in songs:
        batch.append(song)
        if len(batch) == batch_songs:
            store.add_songs(batch)
            show(store.n_songs())
            batch = []
    if batch:
        store.add_songs(batch)
        show(store.n_songs())


def clips(
    source: Corpus,
    sample_rate_hz: int,
    *,
    n: int,
    duration_s: float,
    chain: Sequence[Degradation] = (),
) -> Iterator[bytes]:
    """Yield excerpts of a corpus as WAV files, at most one of each song.

    Parameters
    ----------
    source : Corpus
        The songs; those shorter than ``duration_s`` are left out, the others are taken evenly.
    sample_rate_hz : int
        Sample rate of the excerpts.
    n : int, at least 1
        Most excerpts.
    duration_s : float, above 0
        Length of each in seconds.
    chain : sequence of Degradation, optional
        Degradations that they are heard through.

    Yields
    ------
    bytes
        A mono WAV file of 16 bits. Equal arguments give equal files.
    """
    tracks = [track for track in source.tracks if track.duration_s >= duration_s]
    for track in tracks[:: max(1, len(tracks) // n)][:n]:
        signal = load(source.path_of(track), sample_rate_hz=sample_rate_hz)
        rng = seeded_rng(0, "bench", track.id)
        [excerpt] = pick_excerpts(signal, track_id=track.id, n=1, duration_s=duration_s, rng=rng)
        content = io.BytesIO()
        heard = degrade(cut(signal, excerpt), chain, rng=rng)
        soundfile.write(content, heard.samples, sample_rate_hz, format="WAV", subtype="PCM_16")
        yield content.getvalue()
