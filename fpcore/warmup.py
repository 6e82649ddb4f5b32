"""Warm-up: compiled code is made ready before the first question, and is no part of its time.

On a new machine the kernels are compiled once, which takes most of half a minute and is kept (see
`fpcore.kernels.compiling`); `make setup` does so by calling this module as a program. Every process
then loads them, in less than a second. Both are done by asking about noise.
"""

from __future__ import annotations

import hashlib
import io
import logging
import platform
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from fpcore import pipeline
from fpcore.audio import load
from fpcore.config import FingerprintConfig, Profile, QueryConfig
from fpcore.errors import StoreError
from fpcore.profiles import load_profile
from fpcore.records import Constellation, LongArray, Postings
from fpcore.search import scan
from fpcore.search.passes import align_query
from fpcore.store import NewSong, open_store
from fpcore.store.base import Index

logger = logging.getLogger(__name__)

_NOISE_S = 2
_NOISE_HZ = 44_100
_SCANNED_S = 20
"""Longer than one window of a scan, so that plays are joined."""

_FAR_FRAMES = 1 << 27
"""With offsets that lie so far apart, offset and hash of a hit do not fit 32 bits."""

_loading = threading.Lock()
_loaded: set[str] = set()
_ready: set[str] = set()


def noise_query(config: FingerprintConfig, query: QueryConfig) -> pipeline.QueryFingerprint:
    """Return what the pipeline makes of two seconds of noise in a WAV file."""
    noise = np.random.default_rng(0).standard_normal(_NOISE_S * _NOISE_HZ).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, noise / 8, _NOISE_HZ, format="WAV", subtype="PCM_16")
    signal = load(file, sample_rate_hz=config.sample_rate_hz, resampler=config.resampler)
    pipeline.fingerprint([signal.samples], config)
    return pipeline.query(signal, config, query)


def load_kernels(profile: Profile, index: Index) -> None:
    """Load the compiled code of a recognition into this process, once for its kind of profile.

    Parameters
    ----------
    profile : Profile
        What will be asked under.
    index : Index
        What will be asked; it is asked for one hash.
    """
    make_ready(profile)
    with _loading:
        if (kind := _kind_of(profile)) in _loaded:
            return
        query = noise_query(profile.fingerprint, profile.query)
        index.lookup(query.hashes.token[:1])
        _ask_all(query, profile)
        _loaded.add(kind)


def make_ready(profile: Profile) -> None:
    """Compile what a profile needs, unless that was done before on this machine.

    A sentence is logged as a warning when anything has to be compiled.

    Parameters
    ----------
    profile : Profile
        What will be learned and asked under.
    """
    from fpcore.kernels.compiling import compiled_folder

    if (kind := _kind_of(profile)) in _ready:
        return
    mark = compiled_folder() / f"ready-{_state_of_kernels(kind)}"
    if not mark.is_file():
        # Without room for an index to try it on, kernels are compiled when they are called.
        with suppress(OSError, StoreError), _told_of_compilation(compiled_folder()):
            _exercise(profile)
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
    _ready.add(kind)


def _kind_of(profile: Profile) -> str:
    """Return what the types of the values depend on that kernels are called with."""
    config, asked = profile.fingerprint, profile.query
    kinds = (config.whitening.kind, config.peaks.neighbourhood.kind, config.token)
    return repr((kinds, asked.n_shifts > 1, asked.thorough is None, asked.playback is None))


def _state_of_kernels(kind: str) -> str:
    """Return what tells apart states in which kernels have to be compiled again."""
    kernels = sorted(Path(__file__).with_name("kernels").glob("*.py"))
    stamps = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in kernels]
    versions = [platform.python_version(), platform.machine(), metadata.version("numba")]
    return hashlib.sha256(repr((kind, versions, stamps)).encode()).hexdigest()[:20]


@contextmanager
def _told_of_compilation(folder: Path) -> Iterator[None]:
    """Log a sentence when something is compiled inside."""
    from numba.core import event

    told = threading.Event()

    class Listener(event.Listener):
        """Waits for the first compilation."""

        def on_start(self, event: event.Event) -> None:
            """Tell of it."""
            if not told.is_set():
                told.set()
                logger.warning(
                    "Compiling the kernels, once: it takes about half a minute and is kept in %s",
                    folder,
                )

        def on_end(self, event: event.Event) -> None:
            """Do nothing."""

    listener = Listener()
    event.register("numba:compile", listener)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)  # type: ignore[no-untyped-call]


def _exercise(profile: Profile) -> None:
    """Learn noise, ask for it in every way, and hear it among other sound."""
    config = profile.fingerprint
    query = noise_query(config, profile.query)
    rng, rate_hz = np.random.default_rng(1), config.sample_rate_hz
    noise = rng.normal(0, 0.125, _SCANNED_S * rate_hz).astype(np.float32)
    learned = pipeline.fingerprint([noise], config)
    with (
        TemporaryDirectory(prefix="fpcore-") as folder,
        open_store(Path(folder, "noise.db"), config, create=True) as store,
    ):
        for number in range(2):
            song = NewSong(f"noise {number}", f"noise {number}", learned.duration_s)
            store.add_song(song, learned.hashes, learned.constellation)
        store.make_snapshot()
        _ask(query, store, profile)
        _ask_all(query, profile)
        list(scan.scan([noise], store, _with_threshold(profile, 0.0)))


def _ask_all(query: pipeline.QueryFingerprint, profile: Profile) -> None:
    """Ask indexes of one song and of several, with offsets that fit 32 bits and others."""
    learned = pipeline.fingerprint_of(query.heard.maxima[0], query.duration_s, profile.fingerprint)
    for places in (((1, 0),), ((1, 0), (1, _FAR_FRAMES)), ((1, 0), (2, _FAR_FRAMES))):
        _ask(query, _IndexInMemory(learned, places), profile)


def _ask(query: pipeline.QueryFingerprint, index: Index, profile: Profile) -> None:
    """Ask in all passes, as if nothing were recognised, and then as if the first one did."""
    for threshold in (1.0, 0.0):
        align_query([query], index, _with_threshold(profile, threshold))


def _with_threshold(profile: Profile, threshold: float) -> Profile:
    decision = profile.decision.model_copy(update={"threshold": threshold})
    return profile.model_copy(update={"decision": decision})


@dataclass(frozen=True)
class _IndexInMemory:
    """An index of songs that hold a fingerprint: at ``places``, each a song's id and a frame."""

    learned: pipeline.Fingerprint
    places: Sequence[tuple[int, int]]

    def lookup(self, tokens: LongArray) -> Postings:
        """Return the postings of all songs."""
        known = self.learned.hashes
        order = np.argsort(known.token, kind="stable")
        first = np.searchsorted(known.token[order], tokens)
        row = np.flatnonzero(np.isin(tokens, known.token))
        frame = known.frame[order[first[row]]]
        song_ids, starts = np.array(self.places).T
        return Postings(
            np.tile(row, len(starts)),
            np.repeat(song_ids.astype(np.int64), len(row)),
            np.concatenate([frame + np.int32(start) for start in starts]),
        )

    def constellations(self, song_ids: Sequence[int]) -> Mapping[int, Constellation]:
        """Return the constellation of each song."""
        return dict.fromkeys(song_ids, self.learned.constellation)

    def names(self, song_ids: Sequence[int]) -> Mapping[int, str]:
        """Return a name for each."""
        return dict.fromkeys(song_ids, "noise")

    def n_songs(self) -> int:
        """Return how many there are."""
        return len({song_id for song_id, _ in self.places})


if __name__ == "__main__":
    make_ready(load_profile())
