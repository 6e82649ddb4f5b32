"""Index of a corpus: its tracks learned under a fingerprint, from the cache of stages.

Equal tracks and an equal fingerprint give equal indexes, however many processes make them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import joblib

from experiments.corpora import Track
from experiments.evaluation.context import Context
from experiments.progress import Show, Step, silent
from experiments.workers import processes
from fpcore import pipeline
from fpcore.config import FingerprintConfig
from fpcore.store import NewSong, open_store

BATCH_SONGS = 60


def build_index(
    context: Context,
    config: FingerprintConfig,
    database: Path,
    *,
    tracks: Sequence[Track] | None = None,
    n_jobs: int = -1,
    show: Show = silent,
) -> None:
    """Learn tracks into a new database, each named by its id.

    What look-ups read is in the form that ``fpcore snapshot`` gives it, in which they are fastest
    and equal songs take equal room.

    Parameters
    ----------
    context : Context
        Whose corpus and cache are used.
    config : FingerprintConfig
        The fingerprint that is learned.
    database : Path
        The file to make.
    tracks : sequence of Track, optional
        By default those that the plan indexes.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown, in tracks.
    """
    learned = context.parts.indexed if tracks is None else tracks
    extracted = processes(n_jobs)(
        joblib.delayed(_fingerprint)(context, config, track) for track in learned
    )
    with open_store(database, config, create=True) as store:
        batch = []
        for n_done, (track, found) in enumerate(zip(learned, extracted, strict=True), start=1):
            show(Step("learning tracks", n_done, len(learned)))
            song = NewSong(track.id, track.checksum, found.duration_s)
            batch.append((song, found.hashes, found.constellation))
            if len(batch) == BATCH_SONGS:
                store.add_songs(batch)
                batch = []
        store.add_songs(batch)
        store.make_snapshot()


def _fingerprint(context: Context, config: FingerprintConfig, track: Track) -> pipeline.Fingerprint:
    maxima = context.cache.song_maxima(context.corpus, track, config)
    return pipeline.fingerprint_of(maxima, track.duration_s, config)
