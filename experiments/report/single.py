"""One query explained: of a run, made up from its id, or a recording of one's own.

Nothing is kept: indexes are made in a temporary folder and removed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from experiments.corpora import Corpus, corpus
from experiments.degradations import condition
from experiments.errors import CorpusError
from experiments.evaluation.context import Context, sources_for
from experiments.evaluation.index import build_index
from experiments.evaluation.stage_cache import stage_cache
from experiments.folders import temporary_folder
from experiments.protocol import queries as q
from experiments.protocol.plan import Plan
from experiments.protocol.splits import Split
from experiments.report.study import load
from experiments.report.worst import ExplainedQuery, explained, worst
from fpcore import audio
from fpcore.profiles import load_profile
from fpcore.search.explain import explain
from fpcore.search.passes import align
from fpcore.store import open_store

DEFAULT_QUERY = "0/5s/babble-0db-synthetic"
"""End of the query's id when none is named: an excerpt of the first track, under babble."""


def heard_of_run(run: str, trial: str, query: str = "") -> ExplainedQuery:
    """Return a query of a run as a trial heard it.

    Parameters
    ----------
    run : str
        Name or path of a run.
    trial : str
        Id of a finished trial, or an unambiguous beginning of it.
    query : str, optional
        Id of a query that the run asked; by default the one that the trial failed on worst.

    Raises
    ------
    RunError
        When run, trial or query do not exist, or the corpus has changed.
    """
    study = load([run])
    result = study.trial(trial)
    if not query:
        failures = worst(result, 1)
        query = failures[0].query if failures else str(result.outcomes["query"].iloc[0])
    [heard] = explained(study, result, [query])
    return heard


def heard(
    profile: str, corpus_name: str, *, query: str = "", file: str | Path = ""
) -> ExplainedQuery:
    """Return a query of an index that holds the whole corpus.

    Parameters
    ----------
    profile : str
        Name or path of a profile.
    corpus_name : str
        What `experiments.corpora.corpus` understands.
    query : str, optional
        Id such as ``song-0003.flac#0/5s/white-0db``: track, number of the excerpt, length,
        condition. By default the first track under babble.
    file : str or Path, optional
        A recording to ask instead; it is not degraded.

    Raises
    ------
    CorpusError
        When the corpus has no such track, or the id cannot be read.
    AudioError
        When the file cannot be decoded.
    """
    source, chosen = corpus(corpus_name), load_profile(profile)
    asked = None if file else _query(source, query or f"{source.tracks[0].id}#{DEFAULT_QUERY}")
    condition_asked = asked.condition if asked else condition("clean")
    plan = Plan((condition_asked,), (asked.clip_s if asked else 1.0,), n_indexed=1, n_left_out=0)
    tracks = tuple(track for track in source.tracks if track.duplicate_of is None)
    everything = Split(tracks, (), (), ())
    any_music = replace(everything, calibration_left_out=tracks)
    sources = sources_for(plan.conditions, source, any_music)
    context = Context(source, plan, everything, sources, stage_cache())
    with temporary_folder() as folder:
        database = folder / "index.db"
        build_index(context, chosen.fingerprint, database, n_jobs=1)
        if asked is None:
            clean = noisy = audio.load_from_first_sound(
                file,
                sample_rate_hz=chosen.fingerprint.sample_rate_hz,
                resampler=chosen.fingerprint.resampler,
                limits=audio.AudioLimits(),
                duration_s=chosen.query.max_query_s,
            )
        else:
            [clip] = context.clips([asked], chosen.fingerprint)
            clean, noisy = clip.clean, context.recording(clip)
        with open_store(database, chosen.fingerprint) as store:
            trace = align(noisy, store, chosen)
            explanation = explain(trace, store, chosen, signal=noisy)
    return ExplainedQuery(asked.id if asked else str(file), clean, noisy, explanation)


def _query(source: Corpus, query_id: str) -> q.Query:
    """Return the query that an id names."""
    track_id, _, rest = query_id.rpartition("#")
    parts = rest.split("/", 2)
    try:
        number, length, name = parts
        clip_s = float(length.removesuffix("s"))
        excerpt = int(number)
    except ValueError:
        raise CorpusError(
            f"the query {query_id!r} cannot be read: write track#number/seconds/condition, such as "
            f"{source.tracks[0].id}#{DEFAULT_QUERY}"
        ) from None
    if track_id not in source.by_id:
        raise CorpusError(f"the corpus {source.name} has no track {track_id!r}")
    return q.Query(source.by_id[track_id], True, excerpt, clip_s, condition(name))
