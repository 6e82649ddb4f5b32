"""Latency and costs of a trial, measured without any cache, one thing at a time.

The rows of a sweep are found with stages taken from a cache, on all cores: times taken there
would say little. So some queries are timed apart, from a WAV file in memory to the answer, in
one process while nothing else of the run goes on. Each is asked in several rounds and its fastest
answer counts, since whatever else the machine does only ever adds time. Every round asks all
configurations, every other one in reverse, so that none is measured in a busier hour than the
others. A last round is left out where times have settled. A few tracks are decoded and
fingerprinted from their files, once each. All times are seconds on the clock.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import soundfile

from experiments.corpora import Corpus, Track
from experiments.evaluation.context import Context
from experiments.metrics import cost
from experiments.protocol import queries as q
from fpcore import audio
from fpcore.bulk.learn import extract
from fpcore.config import FingerprintConfig, Profile
from fpcore.errors import AudioError
from fpcore.records import Signal, StageTimes
from fpcore.search.passes import align
from fpcore.store import Index, open_store

N_TRACKS = 3
"""Tracks that are decoded and fingerprinted to measure the speed of it."""

FEWEST_ROUNDS, MOST_ROUNDS = 2, 3
"""How often each query is timed."""

SETTLED = 0.02
"""Rounds end when one lowers no configuration's median by more than this share of it."""

Costs = dict[str, float | None]
"""Figures by name; None for what is not known."""

COLUMNS = ("query", "decode_s", "fingerprint_s", "lookup_s", "align_s")


@dataclass(frozen=True, slots=True)
class WavQuery:
    """A query as a client would send it: 16-bit WAV."""

    query: str
    wav: bytes


@dataclass(frozen=True, slots=True)
class Timed:
    """A configuration that is timed: the index and the recordings that it is asked about."""

    profile: Profile
    database: Path
    recorded: Sequence[WavQuery]


def recordings(context: Context, config: FingerprintConfig, n_timed: int) -> list[WavQuery]:
    """Return the queries that are timed, spread evenly over the plan.

    Parameters
    ----------
    context : Context
        Gives the queries, which are those of the calibration half, and their clips.
    config : FingerprintConfig
        Gives the sample rate of the recordings.
    n_timed : int, at least 0
        How many are timed; all, where there are fewer.
    """
    first = (query for query in context.queries("calibration") if not query.repeat)
    asked = [query for group in q.by_track(first) for query in group]
    n = min(n_timed, len(asked))
    chosen = [asked[i * len(asked) // n] for i in range(n)]
    return [
        WavQuery(clip.query.id, _wav(context.recording(clip)))
        for clip in context.clips(chosen, config)
    ]


def _wav(heard: Signal) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, heard.samples, heard.sample_rate_hz, format="WAV", subtype="PCM_16")
    return content.getvalue()


def time_queries(
    wanted: Sequence[Timed], note: Callable[[], None] = lambda: None
) -> list[pd.DataFrame]:
    """Return the seconds of each stage of each recognition, for every configuration.

    Parameters
    ----------
    wanted : sequence of Timed
        What is timed, in turn, in `FEWEST_ROUNDS` to `MOST_ROUNDS` rounds; of each query the
        fastest recognition counts.
    note : callable, optional
        Is called when a configuration has been timed for the first time.

    Returns
    -------
    list of pandas.DataFrame
        A row per recording, with the columns in `COLUMNS`.
    """
    fastest: dict[int, list[StageTimes]] = {}
    for number in range(MOST_ROUNDS):
        before = {place: _median_s(times) for place, times in fastest.items()}
        for place in range(len(wanted))[:: -1 if number % 2 else 1]:
            now = _round(wanted[place])
            fastest[place] = list(map(_faster, fastest.get(place, now), now))
            if not number:
                note()
        after = {place: _median_s(times) for place, times in fastest.items()}
        if number + 1 >= FEWEST_ROUNDS and _settled(before, after):
            break
    return [_rows(one, fastest[place]) for place, one in enumerate(wanted)]


def _round(one: Timed) -> list[StageTimes]:
    """Return the times of every recognition, after one that is not counted."""
    if not one.recorded:
        return []
    with open_store(one.database, one.profile.fingerprint) as store:
        _recognise(one.recorded[0], store, one.profile)
        return [_recognise(query, store, one.profile) for query in one.recorded]


def _faster(one: StageTimes, other: StageTimes) -> StageTimes:
    return min(one, other, key=lambda took: took.total_s)


def _median_s(times: Sequence[StageTimes]) -> float:
    return float(np.median([one.total_s for one in times])) if times else 0.0


def _settled(before: Mapping[int, float], after: Mapping[int, float]) -> bool:
    return all(before[place] - after[place] <= SETTLED * before[place] for place in before)


def _rows(one: Timed, times: Sequence[StageTimes]) -> pd.DataFrame:
    rows = [
        (query.query, took.decode_s, took.fingerprint_s, took.lookup_s, took.align_s)
        for query, took in zip(one.recorded, times, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _recognise(recorded: WavQuery, store: Index, profile: Profile) -> StageTimes:
    started = perf_counter()
    config = profile.fingerprint
    signal = audio.load(
        io.BytesIO(recorded.wav),
        sample_rate_hz=config.sample_rate_hz,
        resampler=config.resampler,
        duration_s=profile.query.max_query_s,
    )
    return align(signal, store, profile, decode_s=perf_counter() - started).times


def time_ingest(corpus: Corpus, tracks: Sequence[Track], config: FingerprintConfig) -> float:
    """Return the seconds that decoding and fingerprinting take for a second of audio.

    Parameters
    ----------
    corpus : Corpus
        Where the files are.
    tracks : sequence of Track
        `N_TRACKS` of them, evenly spread, are taken.
    config : FingerprintConfig
        The fingerprint.

    Returns
    -------
    float
        NaN when none of these tracks gives a fingerprint.
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
    """Return size and cost of an index.

    Parameters
    ----------
    database : Path
        The index.
    write_s : float
        Seconds that writing it took.
    extract_s_per_s : float
        What `time_ingest` returned; may be NaN.

    Returns
    -------
    dict
        n_songs, audio_s, n_postings, file_bytes, build_s and the keys of
        `experiments.metrics.cost`; None for a figure that is not known.
    """
    with open_store(database, None) as store:
        stats = store.stats()
    build_s = write_s + extract_s_per_s * stats.duration_s
    derived = cost(
        audio_s=stats.duration_s,
        n_postings=stats.n_postings,
        file_bytes=stats.file_bytes,
        build_s=build_s,
    )
    figures = {
        "n_songs": stats.n_songs,
        "audio_s": stats.duration_s,
        "n_postings": stats.n_postings,
        "file_bytes": stats.file_bytes,
        "build_s": build_s,
        **derived,
    }
    return {name: None if math.isnan(value) else value for name, value in figures.items()}


def write_costs(costs: Costs, path: Path) -> None:
    """Write what `index_costs` returned as JSON."""
    path.write_text(json.dumps(costs, indent=1) + "\n", encoding="utf-8")
