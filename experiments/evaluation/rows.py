"""Rows about queries whose answers are known: one outcome for each, and one row per candidate.

Rows are raw: what was asked, what was answered, with which evidence and how long it took.
Metrics come afterwards (`experiments.metrics`), so a new metric needs no new run. Recordings that
are asked beside the excerpts have the same columns: ``query`` is a recording's name in its list and
the beginning of its checksum, ``track`` is "" for a stranger that no track is of, and ``clip_s`` is
the median length of all recordings of the list. Where the list tells no place, ``start_s`` and
``offset_error_s`` are NaN. `experiments.evaluation.recordings` has rows of recordings alone.

Columns of outcomes
-------------------
query, track, work, condition, clip_s, start_s, indexed, role
    What was asked: ids, the condition's name, seconds, whether the track is in the index, and
    "calibration" or "test".
answer, probability, votes
    Track id of the likeliest song ("" for none), before any threshold, and its evidence, of the
    pass that answers.
right
    Whether that is the asked work. Variants of one piece count as right.
offset_s, offset_error_s
    Reported place in the song of the recording's beginning in seconds, 0 without an answer; and
    reported minus true place, NaN unless the answer is the asked track itself. Where other sound
    divides the excerpt, both halves have a true place, and the nearer one counts.
same_passage
    Whether what is heard at the reported place is what was asked: within 50 ms of the true
    place, or an exact repeat of it (see `sounds_the_same`).
decode_s, fingerprint_s, lookup_s, align_s, n_hashes
    Cost. Clips are cut from decoded audio, so decode_s is 0 except in latency benchmarks;
    fingerprint_s is NaN where the context keeps queries, since most of it was done before.

Columns of candidates
---------------------
query, condition, clip_s, work, indexed, role
    What was asked, as above; a song that was asked of the index without its own work counts as
    not indexed.
asked_of
    Which songs the query was asked of, see `AskedOf`.
pass, rank
    In which pass (`fpcore.search.passes.PassName`) the song was a candidate; and the number of the
    row among those of one query, in the order of the passes and windows, the likeliest of each
    first.
song, offset_s, votes, right
    The candidate: its track id, its best place in seconds, its votes, and whether it is the work.
log_idf, log_chance, ...
    Its evidence, by the names of `fpcore.config.EvidenceName`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from experiments.corpora import Corpus, Track
from experiments.degradations import Condition
from experiments.evaluation.context import Clip, Context
from experiments.evaluation.verdicts import (
    PLACE_TOLERANCE_S,
    is_right,
    sounds_the_same,
    verdict_on_recording,
)
from experiments.protocol import queries as q
from experiments.protocol.excerpts import Excerpt
from experiments.protocol.recordings import KnownSong
from experiments.protocol.recordings.halves import AskedRecording
from fpcore.config import FingerprintConfig
from fpcore.records import Signal
from fpcore.search.passes import SearchTrace, accepted_of

TIMES = ("decode_s", "fingerprint_s", "lookup_s", "align_s")

AskedOf = Literal["whole", "part", "others"]
"""Songs that a query was asked of: all that are indexed, a few of them, all but its own work."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Tables of answers: ``outcomes`` with a row per query, ``candidates`` per query and song."""

    outcomes: pd.DataFrame
    candidates: pd.DataFrame

    @property
    def untimed(self) -> Answers:
        """The same without times, so that the same queries give the same rows everywhere."""
        return Answers(self.outcomes.drop(columns=list(TIMES)), self.candidates)


def outcome_row(
    context: Context,
    config: FingerprintConfig,
    clip: Clip,
    trace: SearchTrace,
    *,
    fingerprint_s: float,
) -> dict[str, Any]:
    """Return the outcome row of a query, all columns but ``role``.

    Parameters
    ----------
    context : Context
        Gives the corpus, and the audio of the song that was answered.
    config : FingerprintConfig
        The fingerprint of the index that was asked.
    clip : Clip
        The query, undegraded.
    trace : SearchTrace
        The pass that answered.
    fingerprint_s : float
        Seconds that fingerprinting the query took, NaN where it was kept from before.

    Returns
    -------
    dict
        Values by the names of the columns.
    """
    query, told = clip.query, _told(trace)
    verdict = _verdict(
        context,
        config,
        query.track,
        clip.clean,
        start_s=clip.start_s,
        condition=query.condition,
        **told,
    )
    return _row(query, clip.start_s, trace, verdict, fingerprint_s)


def recording_row(
    context: Context,
    config: FingerprintConfig,
    recording: AskedRecording,
    trace: SearchTrace,
    *,
    fingerprint_s: float,
) -> dict[str, Any]:
    """Return the outcome row of a recording, all columns but ``role``.

    Parameters
    ----------
    context : Context
        Gives the corpus, and the audio of the song that was answered.
    config : FingerprintConfig
        The fingerprint of the index that was asked.
    recording : AskedRecording
        What was asked.
    trace : SearchTrace
        The pass that answered.
    fingerprint_s : float
        Seconds that fingerprinting it took, NaN where it was kept from before.

    Returns
    -------
    dict
        Values by the names of the columns.
    """
    verdict = _verdict_on_recording(context, config, recording, **_told(trace))
    return _row(recording, recording.recorded.start_s, trace, verdict, fingerprint_s)


def _told(trace: SearchTrace) -> dict[str, Any]:
    """Return the likeliest song of a pass ("" for none) and the place in it."""
    best = trace.matches[0] if trace.matches else None
    return {"answer": best.song_name if best else "", "offset_s": best.offset_s if best else 0.0}


def _row(
    query: q.AnyQuery,
    start_s: float,
    trace: SearchTrace,
    verdict: Mapping[str, Any],
    fingerprint_s: float,
) -> dict[str, Any]:
    best, told = trace.matches[0] if trace.matches else None, _told(trace)
    return {
        "query": query.id,
        "track": query.song,
        "work": query.work,
        "condition": query.condition_name,
        "clip_s": query.clip_s,
        "start_s": start_s,
        "indexed": query.indexed,
        "answer": told["answer"],
        "probability": best.probability if best else 0.0,
        "votes": best.votes if best else 0,
        "offset_s": told["offset_s"],
        **verdict,
        "decode_s": 0.0,
        "fingerprint_s": fingerprint_s,
        "lookup_s": trace.times.lookup_s,
        "align_s": trace.times.align_s,
        "n_hashes": len(trace.query.hashes),
    }


def candidate_rows(
    corpus: Corpus,
    query: q.AnyQuery,
    traces: Sequence[SearchTrace],
    *,
    role: str,
    asked_of: AskedOf,
    answer: SearchTrace | None = None,
) -> list[dict[str, Any]]:
    """Return the candidate rows of a query: each song at its best place in each pass.

    Parameters
    ----------
    corpus : Corpus
        Where the songs are from; their names in the index are track ids.
    query : AnyQuery
        What was asked, an excerpt or a recording.
    traces : sequence of SearchTrace
        The passes over it, in their order.
    role : str, "calibration" or "test"
        Half of the corpus that the query is of.
    asked_of : str, "whole", "part" or "others"
        Songs that it was asked of. Asked of the others, a song is a stranger, as one that is not
        indexed.
    answer : SearchTrace, optional
        The pass that answered, at the tempo to which the votes drift. The candidate that it
        answers with gets place and votes from it.

    Returns
    -------
    list of dict
        Values by the names of the columns, a dict per row.
    """
    accepted = accepted_of(traces)
    indexed = query.indexed and asked_of != "others"
    rows: list[dict[str, Any]] = []
    for trace in traces:
        for match, best in zip(trace.matches, trace.rows, strict=True):
            song = corpus.by_id[match.song_name]
            is_answer = trace is accepted and match is trace.matches[0]
            told = answer.matches[0] if is_answer and answer else match
            rows.append(
                {
                    "query": query.id,
                    "condition": query.condition_name,
                    "clip_s": query.clip_s,
                    "work": query.work,
                    "indexed": indexed,
                    "role": role,
                    "asked_of": asked_of,
                    "pass": trace.pass_name,
                    "rank": len(rows),
                    "song": match.song_name,
                    "offset_s": told.offset_s,
                    "votes": told.votes,
                    "right": indexed and song.work == query.work,
                    **{name: float(of[best]) for name, of in trace.evidence.items()},
                }
            )
    return rows


def rechosen(
    context: Context, config: FingerprintConfig, found: Answers, chosen: pd.DataFrame
) -> pd.DataFrame:
    """Return the outcomes as they are when another decision picks the answers.

    Parameters
    ----------
    context : Context
        Gives the corpus, and the audio to judge new answers by.
    config : FingerprintConfig
        The fingerprint of the index that was asked.
    found : Answers
        Rows as they were asked.
    chosen : pandas.DataFrame, a row per query with candidates
        Columns query, rank (of the candidate that is now the answer) and probability.

    Returns
    -------
    pandas.DataFrame
        The outcomes, with the column confidence_probability: the probability in ``chosen``, 0 for
        queries without candidates.
    """
    rows: dict[str, dict[str, Any]] = {
        str(row["query"]): {str(key): value for key, value in row.items()}
        for row in found.outcomes.to_dict("records")
    }
    for row in rows.values():
        row["confidence_probability"] = 0.0
    of_whole = found.candidates[found.candidates["asked_of"] == "whole"]
    picked = chosen[["query", "rank", "probability"]].merge(
        of_whole[["query", "rank", "song", "offset_s", "votes"]], on=["query", "rank"]
    )
    for pick in picked.to_dict("records"):
        row = rows[pick["query"]]
        row["confidence_probability"] = pick["probability"]
        told = {"answer": pick["song"], "offset_s": pick["offset_s"]}
        if any(row[name] != value for name, value in told.items()):
            row |= told | _verdict_on(context, config, row, **told)
        row["votes"] = pick["votes"]
    return pd.DataFrame(list(rows.values()))


def _verdict(
    context: Context,
    config: FingerprintConfig,
    track: Track,
    clean: Signal,
    *,
    start_s: float,
    condition: Condition,
    answer: str,
    offset_s: float,
) -> dict[str, Any]:
    """Return what is true of the answer ``answer`` ("" for none) at ``offset_s``.

    Asked was the passage ``clean`` of ``track``, which begins at ``start_s``, under ``condition``.
    """
    right = is_right(context.corpus, answer, track)
    leads_s = sorted({condition.lead_s, condition.lead_s + condition.gap_s})
    excerpts_s = [offset_s + lead_s * condition.time_factor for lead_s in leads_s]
    error_s = min((one - start_s for one in excerpts_s), key=abs)
    error_s = error_s if answer == track.id else float("nan")
    same_passage = abs(error_s) <= PLACE_TOLERANCE_S
    if right and not same_passage:
        song = context.corpus.by_id[answer]
        whole = context.cache.signal(context.corpus, song, config)
        same_passage = any(sounds_the_same(clean.samples, whole, one) for one in excerpts_s)
    return {
        "right": right,
        "offset_error_s": error_s,
        "same_passage": same_passage,
    }


def _verdict_on(
    context: Context,
    config: FingerprintConfig,
    row: Mapping[str, Any],
    *,
    answer: str,
    offset_s: float,
) -> dict[str, Any]:
    """Return the verdict on another answer to the query of an outcome row."""
    recording = context.recording_by_id.get(row["query"])
    if recording is not None:
        return _verdict_on_recording(context, config, recording, answer=answer, offset_s=offset_s)
    track, start_s, clip_s = context.corpus.by_id[row["track"]], row["start_s"], row["clip_s"]
    whole = context.cache.signal(context.corpus, track, config)
    passage = q.clip(whole, Excerpt(track.id, start_s, clip_s), clip_s)
    conditions = {one.name: one for one in context.plan.conditions}
    return _verdict(
        context,
        config,
        track,
        passage,
        start_s=start_s,
        condition=conditions[row["condition"]],
        answer=answer,
        offset_s=offset_s,
    )


def _verdict_on_recording(
    context: Context,
    config: FingerprintConfig,
    recording: AskedRecording,
    *,
    answer: str,
    offset_s: float,
) -> dict[str, Any]:
    """Return what is true of the answer ``answer`` ("" for none) to a recording."""
    corpus, track = context.corpus, context.corpus.by_id.get(answer)
    return verdict_on_recording(
        recording.recorded,
        KnownSong(track.id, track.work, track.duration_s) if track else None,
        offset_s=offset_s,
        duration_s=recording.duration_s,
        audio_of=lambda song: context.cache.signal(corpus, corpus.by_id[song.id], config),
    )
