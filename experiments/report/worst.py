"""Worst failures of a trial, asked once more to see how the answers came about.

A query is made again from its id, the corpus and the seeds; the index is built anew from the
stages that the sweep left in its cache. The probability in a picture is that of the decision
fitted on all rows. It may differ a little from the one in the rows, which is from a decision
that saw nothing of the query's work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, Literal

import pandas as pd
from rich.console import Console

from experiments import metrics
from experiments.corpora import corpus
from experiments.corpora.titles import titles
from experiments.errors import RunError
from experiments.evaluation.context import Context
from experiments.evaluation.index import build_index
from experiments.folders import temporary_folder
from experiments.report.labels import percent
from experiments.report.study import Result, Study
from experiments.results.run_folder import Manifest, changed_audio, changed_recordings
from experiments.sweeps.manifest import recordings_asked
from experiments.sweeps.prepared import prepare
from fpcore.errors import FpError
from fpcore.records import Signal
from fpcore.search.explain import Explanation, explain
from fpcore.search.passes import align
from fpcore.store import Store, open_store

FailureKind = Literal["false alarm", "wrong name", "missed"]

N_WORST = 6


@dataclass(frozen=True, slots=True)
class Failure:
    """A query that a trial failed on; ``right`` is whether the likeliest song was right."""

    query: str
    kind: FailureKind
    track: str
    condition: str
    clip_s: float
    answer: str
    probability: float
    right: bool
    is_recording: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What went wrong, in words."""
        heard, were = f"{self.clip_s:g} s of {self._called(self.track)} ({self.condition})", "were"
        if self.is_recording:
            of = f" of {self._called(self.track)}" if self.track else ""
            heard = f"the recording {self.query.rpartition('@')[0]}{of} ({self.condition})"
            were = "was"
        answer, odds = self._called(self.answer), f"probability {self.probability:.3f}"
        if self.kind == "false alarm":
            return f"{heard}, which is not in the index, {were} taken for {answer} ({odds})."
        if self.kind == "wrong name":
            return f"{heard} {were} taken for {answer} ({odds})."
        if not self.answer:
            return f"{heard} matched nothing at all."
        if self.right:
            return f"{heard}: the right song came first, but below the threshold ({odds})."
        return f"{heard}: no answer; the best guess, {answer}, was wrong ({odds})."

    def _called(self, track_id: str) -> str:
        """Return a track's title and id, or its id alone."""
        title = self.titles.get(track_id)
        return f"“{title}” ({track_id})" if title else f"“{track_id}”"


def worst(result: Result, n: int = N_WORST) -> list[Failure]:
    """Return the ``n`` worst failures: false alarms, wrong names and misses in turn.

    False alarms and wrong names come with the highest probability first. Misses come first from
    the condition in which the fewest queries are missed, and there the least likely first. At
    most one failure of a kind is of the same track, or of the same stranger.
    """
    rows = result.outcomes.assign(probability=metrics.probability_of(result.outcomes))
    found = metrics.verdicts(rows, result.threshold)
    ease = found["accepted_right"].where(rows["indexed"]).groupby(rows["condition"]).mean()
    rows = rows.assign(ease=rows["condition"].map(ease))
    missed = rows["indexed"] & ~found["accepted_right"] & ~found["wrong_name"]
    surest_first = rows.assign(ease=0, rank=-rows["probability"])
    easiest_first = rows.assign(ease=-rows["ease"], rank=rows["probability"])
    kinds: list[tuple[FailureKind, pd.DataFrame]] = [
        ("false alarm", surest_first[found["false_accept"]]),
        ("wrong name", surest_first[found["wrong_name"]]),
        ("missed", easiest_first[missed]),
    ]
    groups: list[list[Failure]] = []
    for kind, chosen in kinds:
        picked = (
            chosen.sort_values(["ease", "rank", "query"]).drop_duplicates(["track", "work"]).head(n)
        )
        groups.append([_failure(row, kind, result.manifest) for _, row in picked.iterrows()])
    in_turn = [one for turn in zip_longest(*groups) for one in turn if one is not None]
    return in_turn[:n]


def titled(
    study: Study, result: Result, failures: Sequence[Failure], *, console: Console | None = None
) -> list[Failure]:
    """Return failures that call songs by their titles, as far as a table or their tags tell them.

    Parameters
    ----------
    study : Study
        The runs of the report.
    result : Result
        The trial that failed.
    failures : sequence of Failure
        Queries of that trial. Without the corpus at hand they stay as they are.
    console : Console, optional
        Where the preparation of the corpus is shown; by default standard error.
    """
    if not failures:
        return []
    try:
        source = corpus(study.manifests[result.run].spec.corpus, console=console)
        known = titles(source, (name for one in failures for name in (one.track, one.answer)))
    except FpError:
        return list(failures)
    return [replace(one, titles=known) for one in failures]


def _failure(row: pd.Series[Any], kind: FailureKind, run: Manifest) -> Failure:
    return Failure(
        query=str(row["query"]),
        kind=kind,
        track=str(row["track"]),
        condition=str(row["condition"]),
        clip_s=float(row["clip_s"]),
        answer=str(row["answer"]),
        probability=float(row["probability"]),
        right=bool(row["right"]),
        is_recording=run.recordings is not None and str(row["query"]) in run.recordings.asked,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedQuery:
    """A query made again: the clip as it was and as it was heard, and the explanation."""

    query: str
    clean: Signal
    degraded: Signal
    explanation: Explanation


def explained(
    study: Study, result: Result, query_ids: Sequence[str], *, console: Console | None = None
) -> Iterator[ExplainedQuery]:
    """Yield queries of a result's run, made and answered again.

    Parameters
    ----------
    study : Study
        The runs of the report.
    result : Result
        The trial that answers.
    query_ids : sequence of str
        Queries that its run asked; they come in this order.
    console : Console, optional
        Where the preparation of the corpus is shown; by default standard error.

    Raises
    ------
    RunError
        When the corpus or a source is not that of the run any more, or it asked no such query.
    """
    manifest = study.manifests[result.run]
    prepared = prepare(manifest.spec, console=console)
    context = prepared.context
    changes = changed_audio(manifest, context.corpus.checksum, context.source_checksums)
    changes += changed_recordings(manifest.recordings, recordings_asked(prepared))
    if changes:
        raise RunError(
            f"{changes[0]} than when {result.run} was run, so its queries cannot be heard again: "
            "restore the files, or run the sweep again"
        )
    with temporary_folder() as folder:
        database, config = folder / "index.db", result.profile.fingerprint
        build_index(context, config, database, n_jobs=1)
        with open_store(database, config) as store:
            for query_id in query_ids:
                yield heard_again(context, result, store, query_id)


def heard_again(context: Context, result: Result, store: Store, query_id: str) -> ExplainedQuery:
    """Return one query of a run, made and answered again from an open index.

    Parameters
    ----------
    context : Context
        Gives the clip.
    result : Result
        The trial that answers.
    store : Store
        An index of the trial's fingerprint.
    query_id : str
        A query that the run asked.

    Raises
    ------
    RunError
        When it asked no such query.
    """
    clean, noisy = _signals(context, result, query_id)
    trace = align(noisy, store, result.profile)
    return ExplainedQuery(
        query_id, clean, noisy, explain(trace, store, result.profile, signal=noisy)
    )


def _signals(context: Context, result: Result, query_id: str) -> tuple[Signal, Signal]:
    """Return a query as it was before its degradation and as it was heard.

    Of a recording nobody has what it was before, so that both are the recording.
    """
    recording = context.recording_by_id.get(query_id)
    if recording is not None:
        heard = context.as_recorded(recording, result.profile)
        return heard, heard
    asked = context.queries("calibration")
    one = next((query for query in asked if query.id == query_id), None)
    if one is None:
        raise RunError(f"the run {result.run} asked no query {query_id!r}: see its outcomes.csv")
    [clip] = context.clips([one], result.profile.fingerprint)
    return clip.clean, context.recording(clip)


def summary(result: Result) -> str:
    """Return how many queries failed in which way, in a sentence."""
    overall = metrics.overall(result.outcomes, result.threshold)
    n_false, n_wrong = (int(overall["n_right"][name]) for name in ("false_accept", "wrong_name"))
    n_indexed, n_right = int(overall["n"]["top1"]), int(overall["n_right"]["accepted_right"])
    n_silent = n_indexed - n_right - n_wrong
    first = int(overall["n_right"]["top1"]) - n_right
    missed = "–" if not n_indexed else percent(n_silent / n_indexed)
    return (
        f"Queries of unknown songs that were given a name: {n_false}. Queries of indexed songs "
        f"that were given a wrong name: {n_wrong}; that got no answer: {n_silent} ({missed}), of "
        f"which {first} had the right song first, but below the threshold."
    )
