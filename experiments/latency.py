"""What a trial costs in time, measured without any cache, one thing at a time.

The rows of a sweep are found with stages taken from a cache, on all cores: times taken there
would say little. So some queries are timed apart, from a WAV file in memory to the answer, in
one process while nothing else of the run goes on; the first of them is asked twice, and the
first time not counted. Likewise a few tracks are decoded and fingerprinted from their files.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import pandas as pd
import soundfile

from experiments import queries as q
from experiments.corpora import Corpus, Track
from experiments.evaluation import by_track, cuts
from experiments.metrics import cost
from experiments.setting import Setting
from fpcore import audio
from fpcore.config import FingerprintConfig, Profile
from fpcore.errors import AudioError
from fpcore.learning import extract
from fpcore.recognition import align
from fpcore.store import open_store

N_TRACKS = 3
"""Tracks that are ingested to measure the speed of it."""

Costs = dict[str, float | None]
"""Figures by name; None is not known."""

COLUMNS = ("query", "decode_s", "fingerprint_s", "lookup_s", "align_s")


@dataclass(frozen=True, slots=True)
class Recording:
    """A query as a client would send it: 16-bit WAV."""

    query: str
    wav: bytes


def recordings(setting: Setting, profile: Profile, database: Path) -> list[Recording]:
    """Return the queries that are timed, spread evenly over the plan."""
    asked = [one for group in by_track(setting.queries("calibration")) for one in group]
    n = min(setting.spec.timed_queries, len(asked))
    chosen = [asked[i * len(asked) // n] for i in range(n)]
    bench = setting.bench(profile, database)
    found = []
    for group in by_track(chosen):
        for query, _, clean in cuts(bench, group):
            heard = q.degraded(clean, query, sources=bench.sources, seed=bench.seed)
            content = io.BytesIO()
            soundfile.write(
                content, heard.samples, heard.sample_rate_hz, format="WAV", subtype="PCM_16"
            )
            found.append(Recording(query.id, content.getvalue()))
    return found


def time_queries(recorded: Sequence[Recording], profile: Profile, database: Path) -> pd.DataFrame:
    """Return the seconds of each stage of each recognition; columns as in `COLUMNS`."""
    rows = []
    config = profile.fingerprint
    with open_store(database, config) as store:
        for one in (*recorded[:1], *recorded):
            started = perf_counter()
            signal = audio.load(
                io.BytesIO(one.wav),
                sample_rate_hz=config.sample_rate_hz,
                resampler=config.resampler,
                duration_s=profile.query.max_query_s,
            )
            decode_s = perf_counter() - started
            times = align(signal, store, profile, decode_s=decode_s).times
            rows.append(
                {
                    "query": one.query,
                    "decode_s": times.decode_s,
                    "fingerprint_s": times.fingerprint_s,
                    "lookup_s": times.lookup_s,
                    "align_s": times.align_s,
                }
            )
    return pd.DataFrame(rows[1:], columns=list(COLUMNS))


def time_ingest(corpus: Corpus, tracks: Sequence[Track], config: FingerprintConfig) -> float:
    """Return the seconds that decoding and fingerprinting take for a second of audio.

    NaN when none of the tracks looked at gives a fingerprint.
    """
    audio_s = spent_s = 0.0
    n = min(N_TRACKS, len(tracks))
    for track in (tracks[i * len(tracks) // n] for i in range(n)):
        started = perf_counter()
        try:
            extract(corpus.path_of(track), config, audio.AudioLimits())
        except AudioError:
            continue
        spent_s += perf_counter() - started
        audio_s += track.duration_s
    return spent_s / audio_s if audio_s else math.nan


def index_costs(database: Path, *, write_s: float, extract_s_per_s: float) -> Costs:
    """Return size and cost of an index; every figure that is not known is None.

    ``write_s`` is what writing it took, ``extract_s_per_s`` what `time_ingest` gave.
    """
    with open_store(database, None) as store:
        stats = store.stats()
    file_bytes = database.stat().st_size
    build_s = write_s + extract_s_per_s * stats.duration_s
    derived = cost(
        audio_s=stats.duration_s,
        n_postings=stats.n_postings,
        file_bytes=file_bytes,
        build_s=build_s,
    )
    figures = {
        "n_songs": stats.n_songs,
        "audio_s": stats.duration_s,
        "n_postings": stats.n_postings,
        "file_bytes": file_bytes,
        "build_s": build_s,
        **derived,
    }
    return {name: None if math.isnan(value) else value for name, value in figures.items()}


def write_costs(costs: Costs, path: Path) -> None:
    """Write what `index_costs` returned as JSON."""
    path.write_text(json.dumps(costs, indent=1) + "\n", encoding="utf-8")
