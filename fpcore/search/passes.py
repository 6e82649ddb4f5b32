"""Passes over a decoded recording: its candidates, with their evidence and times.

A pass takes the hashes of each window of a recording, as it is or as if not played at another
speed, pitch or tempo, looks them up, and weighs the evidence for each candidate. What one pass
recognises in no window gets the next one, as the profile says. Each window in each pass is one or
more hypotheses, and the decision asks for more evidence the more were tried. Only the index is
read; nothing is written. Times are in seconds of the clock, not of the processor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Literal

import numpy as np

from fpcore import pipeline, units
from fpcore.config import EvidenceName, Profile
from fpcore.errors import StoreError, UnknownSongError
from fpcore.kernels import packed_sort
from fpcore.records import (
    Candidates,
    Cut,
    DoubleArray,
    LongArray,
    Match,
    Recognition,
    Remixed,
    Signal,
    StageTimes,
    Verification,
)
from fpcore.search import playback
from fpcore.search.interruptions import Searched, interruption
from fpcore.search.tempo import tempo_of
from fpcore.stages import decision, matching
from fpcore.stages.pauses import SHORTEST_S, recorded_s
from fpcore.stages.verification import verify
from fpcore.store.base import Index

PassName = Literal["first", "thorough", "joined", "joined-thorough", "playback", "tempo"]
"""In which pass over a recording its candidates were found; see `passes` and `answer_of`."""

MOST_REMOVED = 10
"""A pass starts anew when a song is removed meanwhile. After so many times the index is damaged."""

LIKELIER = 1.0
"""By how much the log-odds must rise at another tempo for it to be believed. A few votes drift a
little by chance: in 440 calibration clips without another tempo they never rose by as much."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchTrace:
    """Everything found on the way to an answer: what `Recognition` sums up and pictures show.

    It is of one pass over one window: ``pass_name`` says which, ``query`` what was looked up, and
    ``n_hypotheses`` how many hypotheses had been tried by then, those in other windows and at other
    playbacks included. Row ``i`` of ``candidates``, ``verification``,
    ``evidence`` and ``log_odds`` float64 (n,) is one place in a song. ``rows`` int64 (s,) has the
    best place of each song, the likeliest song first, and ``matches[i]`` stands for ``rows[i]``.
    The recording lasts ``query_s``, and ``heard_s`` is where the window starts and ends in it;
    times in ``query`` are those without what was cut out of it.
    ``cut`` says when only a part of the recording could be decoded, ``remixed`` when channels
    of it were reversed or left out.
    """

    query: pipeline.QueryFingerprint
    pass_name: PassName
    n_hypotheses: int
    hits: matching.Hits
    candidates: Candidates
    verification: Verification
    evidence: dict[EvidenceName, DoubleArray]
    log_odds: DoubleArray
    rows: LongArray
    matches: tuple[Match, ...]
    times: StageTimes
    query_s: float
    heard_s: tuple[float, float]
    cut: Cut | None = None
    remixed: Remixed | None = None

    @property
    def recognition(self) -> Recognition:
        """The answer: the best candidate if it was accepted."""
        accepted = self.matches[0] if self.matches and self.matches[0].accepted else None
        return Recognition(
            accepted,
            self.matches,
            self.query_s,
            len(self.query.hashes),
            self.times,
            self.cut,
            self.remixed,
            self.heard_s,
        )


def align(
    signal: Signal,
    store: Index,
    profile: Profile,
    *,
    decode_s: float = 0.0,
    n_before: int = 0,
) -> SearchTrace:
    """Return the trace of the pass that gives the answer to a recording.

    A recording that the first pass does not recognise gets further passes as the profile says (see
    `passes`), and one that is recognised is given at its exact tempo (see `answer_of`). A recording
    that is silent or shorter than a window has no candidates.

    Parameters
    ----------
    signal : Signal
        The recording, mono, at the sample rate of the profile.
    store : Index
        The songs to search.
    profile : Profile
        Its fingerprint part must be the one that the index was made with.
    decode_s : float
        Seconds that decoding the signal took, to be passed on in the times.
    n_before : int, at least 0
        Hypotheses that were tried before, about a recording that this is a part of.

    Returns
    -------
    SearchTrace
        Its times are the sums over all passes.

    Raises
    ------
    StoreError
        When the index cannot be read, or is damaged.
    ValueError
        When the signal has another sample rate than the profile.
    """
    started = perf_counter()
    windows = pipeline.queries(signal, profile.fingerprint, profile.query)
    fingerprint_s = perf_counter() - started
    return align_query(
        windows, store, profile, decode_s=decode_s, fingerprint_s=fingerprint_s, n_before=n_before
    )


def align_query(
    windows: Sequence[pipeline.QueryFingerprint],
    store: Index,
    profile: Profile,
    *,
    decode_s: float = 0.0,
    fingerprint_s: float = 0.0,
    n_before: int = 0,
) -> SearchTrace:
    """Return the trace of the pass that gives the answer, for a recording whose hashes are known.

    Parameters
    ----------
    windows : sequence of pipeline.QueryFingerprint
        The recording, as `fpcore.pipeline.queries` returns it.
    store : Index
        The songs to search.
    profile : Profile
        The configuration that ``windows`` were made with.
    decode_s, fingerprint_s : float
        Seconds that decoding and fingerprinting took, to be passed on in the times.
    n_before : int, at least 0
        As for `align`.

    Returns
    -------
    SearchTrace
        As for `align`.

    Raises
    ------
    StoreError
        When the index cannot be read, or is damaged.
    """
    started = perf_counter()
    traces: list[SearchTrace] = []
    for of_pass in passes(windows, store, profile, n_before=n_before):
        traces += of_pass
        if any(trace.recognition.match for trace in of_pass):
            break
    answer = answer_of(traces, store, profile)
    lookup_s = answer.times.lookup_s
    align_s = perf_counter() - started - lookup_s
    return replace(answer, times=StageTimes(decode_s, fingerprint_s, lookup_s, align_s))


def passes(
    windows: Sequence[pipeline.QueryFingerprint],
    store: Index,
    profile: Profile,
    *,
    n_before: int = 0,
) -> Iterator[list[SearchTrace]]:
    """Yield the traces of a first and a thorough pass, and of those at other playbacks.

    A recording with pauses gets a first and a thorough pass as if it had none, before any at other
    playbacks. After those, one without pauses in which a song seems to go on after other sound gets
    both as if it had not been interrupted.

    The next pass is only made when its traces are asked for, and only as far as the profile has it.
    Each trace has the times of its own pass over its own window.

    Parameters
    ----------
    windows : sequence of pipeline.QueryFingerprint
        The recording, as `fpcore.pipeline.queries` returns it. Those without hashes count only
        where all of it are.
    store : Index
        The songs to search.
    profile : Profile
        The configuration that ``windows`` were made with.
    n_before : int, at least 0
        As for `align`.

    Yields
    ------
    list of SearchTrace
        At least one list. Those of a first and a thorough pass have a trace for each window; of
        other playbacks each has a list of one, a window's most promising first. Passes without an
        interruption have one trace each.

    Raises
    ------
    StoreError
        When the index cannot be read, or is damaged.
    """
    config, asked = profile.fingerprint, profile.query
    joined = [one for one in windows if one.heard.cut_out and len(one.hashes)]
    windows = [one for one in windows if not one.heard.cut_out]
    windows = [one for one in windows if len(one.hashes)] or windows[:1]
    as_recorded: list[SearchTrace] = []
    for of_pass in _two_passes(windows, ("first", "thorough"), n_before, store, profile):
        yield of_pass
        as_recorded += of_pass
    n_hypotheses = as_recorded[-1].n_hypotheses
    for of_pass in _two_passes(joined, ("joined", "joined-thorough"), n_hypotheses, store, profile):
        yield of_pass
        n_hypotheses = of_pass[-1].n_hypotheses
    if not len(windows[0].hashes):
        return
    if asked.playback is not None:
        n_hypotheses += len(windows) * playback.n_playbacks(asked.playback)
        for one in windows:
            for tried in playback.likeliest(one, store, config, asked.playback):
                moved = playback.restored(one, tried, config, asked)
                yield [
                    _aligned(moved, store, profile, pass_name="playback", n_hypotheses=n_hypotheses)
                ]
    if asked.interruptions and not joined:
        whole = _uninterrupted(as_recorded, profile)
        yield from _two_passes(whole, ("joined", "joined-thorough"), n_hypotheses, store, profile)


def _two_passes(
    windows: Sequence[pipeline.QueryFingerprint],
    names: tuple[PassName, PassName],
    n_hypotheses: int,
    store: Index,
    profile: Profile,
) -> Iterator[list[SearchTrace]]:
    """Yield the traces of a pass over each window, and of a thorough one if the profile has it.

    ``n_hypotheses`` had been tried before. Nothing is looked for thoroughly in silence.
    """
    if not windows:
        return
    first, thorough = names
    n_hypotheses += len(windows)
    yield [
        _aligned(one, store, profile, pass_name=first, n_hypotheses=n_hypotheses) for one in windows
    ]
    if profile.query.thorough is None or not len(windows[0].hashes):
        return
    n_hypotheses += len(windows)
    thoroughly = profile.model_copy(update={"query": profile.query.thoroughly})
    config = profile.fingerprint
    again = [pipeline.thorough_query_of(one.heard, config, profile.query) for one in windows]
    yield [
        _aligned(one, store, thoroughly, pass_name=thorough, n_hypotheses=n_hypotheses)
        for one in again
    ]


def _uninterrupted(
    traces: Sequence[SearchTrace], profile: Profile
) -> list[pipeline.QueryFingerprint]:
    """Return a window as if its music had not been interrupted; none where all seems whole.

    ``traces`` are those of the passes over the recording as it is.
    """
    config, ticks_per_frame = profile.fingerprint, traces[0].query.hashes.ticks_per_frame
    heard = [trace.query.heard for trace in traces]
    found = interruption(
        [
            Searched(
                trace.hits,
                trace.candidates,
                one.ranks.first_tick,
                one.ranks.first_tick + len(one.ranks.rank),
            )
            for trace, one in zip(traces, heard, strict=True)
        ],
        width_ticks=profile.query.width_ticks(ticks_per_frame),
        shortest_ticks=SHORTEST_S / config.hop_s * ticks_per_frame,
    )
    if found is None:
        return []
    whole = pipeline.uninterrupted(
        heard[found.before], heard[found.after], found.start, found.end, config
    )
    return [pipeline.query_of(whole, config, profile.query)]


def answer_of(traces: Sequence[SearchTrace], store: Index, profile: Profile) -> SearchTrace:
    """Return the trace that gives the answer: one that is accepted, else the likeliest.

    The likeliest of those is taken that the first pass with any accepts.

    When the votes of an accepted candidate drift with time, the recording runs at another tempo
    than was assumed. A further pass is then made at the tempo that the drift shows, and gives the
    answer if it makes the same song likelier by more than `LIKELIER`. This takes a profile that
    searches other playbacks.

    Parameters
    ----------
    traces : sequence of SearchTrace
        Those of `passes`, in their order; at least one.
    store : Index
        The songs to search.
    profile : Profile
        The configuration that the traces were made with.

    Returns
    -------
    SearchTrace
        Its look-up and align times are the sums over all passes, the others 0.
    """
    traces = list(traces)
    answer = accepted_of(traces)
    if answer is None:
        answer = max(traces, key=_probability)
    else:
        at_its_tempo = _at_its_tempo(answer, store, profile)
        traces += at_its_tempo
        likelier = [one for one in at_its_tempo if _gain(one, answer) > LIKELIER]
        answer = max(likelier, key=lambda one: one.log_odds[one.rows[0]], default=answer)
    lookup_s = sum(one.times.lookup_s for one in traces)
    align_s = sum(one.times.align_s for one in traces)
    return replace(answer, times=StageTimes(0.0, 0.0, lookup_s, align_s))


def accepted_of(traces: Sequence[SearchTrace]) -> SearchTrace | None:
    """Return the likeliest trace that the first pass with any accepts; None when there is none."""
    accepted = [one for one in traces if one.recognition.match]
    if not accepted or accepted[0].pass_name == "playback":
        return next(iter(accepted), None)
    of_pass = [one for one in accepted if one.pass_name == accepted[0].pass_name]
    return max(of_pass, key=lambda one: float(one.log_odds[one.rows[0]]))


def _probability(trace: SearchTrace) -> float:
    """Return the probability of the likeliest candidate; less than any when there is none."""
    return trace.matches[0].probability if trace.matches else -1.0


def _gain(again: SearchTrace, answer: SearchTrace) -> float:
    """Return by how much the log-odds of an answer rise in another pass."""
    if not again.matches or again.matches[0].song_id != answer.matches[0].song_id:
        return -np.inf
    return float(again.log_odds[again.rows[0]] - answer.log_odds[answer.rows[0]])


def _at_its_tempo(accepted: SearchTrace, store: Index, profile: Profile) -> list[SearchTrace]:
    """Return passes at the tempo to which the votes of the answer drift; none when they do not."""
    search, query = profile.query.playback, accepted.query
    if search is None:
        return []
    most = max(search.max_speed_change, search.max_tempo_change)
    if not most:
        return []
    found, of_answer = accepted.candidates, accepted.rows[0]
    faster = tempo_of(
        accepted.hits,
        int(found.song_id[of_answer]),
        float(found.offset_ticks[of_answer]),
        profile.query.width_ticks(query.hashes.ticks_per_frame),
        most,
        first_tick=round(query.heard.ranks.first_tick * query.playback.tempo),
    )
    if faster == 1:
        return []
    if accepted.pass_name in ("thorough", "joined-thorough"):
        profile = profile.model_copy(update={"query": profile.query.thoroughly})
    tried = playback.at_tempo(query.playback, faster, search)
    n_hypotheses = accepted.n_hypotheses + len(tried)
    restored = [playback.restored(query, one, profile.fingerprint, profile.query) for one in tried]
    return [
        _aligned(moved, store, profile, pass_name="tempo", n_hypotheses=n_hypotheses)
        for moved in restored
    ]


def _aligned(
    query: pipeline.QueryFingerprint,
    store: Index,
    profile: Profile,
    *,
    pass_name: PassName,
    n_hypotheses: int,
) -> SearchTrace:
    for _ in range(MOST_REMOVED):
        try:
            return _aligned_once(query, store, profile, pass_name, n_hypotheses)
        except UnknownSongError:
            # A song was removed after its postings were found: the next look-up has none of it.
            continue
    raise StoreError(
        "the index has hashes of a song that it does not have: `fpcore check` tells what is damaged"
    )


def _aligned_once(
    query: pipeline.QueryFingerprint,
    store: Index,
    profile: Profile,
    pass_name: PassName,
    n_hypotheses: int,
) -> SearchTrace:
    started = perf_counter()
    config = profile.fingerprint
    tokens = packed_sort.distinct(query.hashes.token)
    postings = store.lookup(tokens)
    looked_up = perf_counter()
    hits = matching.hits(query.hashes, tokens, postings)
    candidates = matching.rank(hits, profile.query)
    verification = verify(
        candidates,
        query.peaks,
        query.heard.ranks,
        store.constellations(np.unique(candidates.song_id).tolist()),
        query.playback,
        margin_ticks=config.whitening_radii[0] * query.hashes.ticks_per_frame,
    )
    evidence = decision.evidence(
        candidates,
        verification,
        n_hypotheses=n_hypotheses,
        crest_db=query.heard.crest_db,
    )
    log_odds = decision.logit(evidence, profile.decision, votes=candidates.votes)
    log_odds -= decision.library_size_penalty(store.n_songs(), profile.decision)
    rows = _best_places(candidates.song_id, decision.place_score(evidence, verification), log_odds)
    matches = _matches(rows, candidates, log_odds, query, store, profile)
    times = StageTimes(0.0, 0.0, looked_up - started, perf_counter() - looked_up)
    start_s, end_s = pipeline.window_s(query, config)
    of_recording_s = partial(
        recorded_s, cut_out=query.heard.cut_out, sample_rate_hz=config.sample_rate_hz
    )
    return SearchTrace(
        query=query,
        pass_name=pass_name,
        n_hypotheses=n_hypotheses,
        hits=hits,
        candidates=candidates,
        verification=verification,
        evidence=evidence,
        log_odds=log_odds,
        rows=rows,
        matches=matches,
        times=times,
        query_s=of_recording_s(query.duration_s),
        heard_s=(of_recording_s(start_s), of_recording_s(end_s)),
    )


def _best_places(song_id: LongArray, place_score: DoubleArray, log_odds: DoubleArray) -> LongArray:
    """Return the rows of each song's best place, the likeliest song first."""
    by_place = np.argsort(-place_score, kind="stable")
    _, first_of_song = np.unique(song_id[by_place], return_index=True)
    rows = by_place[np.sort(first_of_song)]
    return rows[np.argsort(-log_odds[rows], kind="stable")]


def _matches(
    rows: LongArray,
    candidates: Candidates,
    log_odds: DoubleArray,
    query: pipeline.QueryFingerprint,
    store: Index,
    profile: Profile,
) -> tuple[Match, ...]:
    probability = decision.probability(log_odds)
    confidence = decision.confidence(probability, profile.decision)
    tick_s = profile.fingerprint.hop_s / query.hashes.ticks_per_frame
    names = store.names(candidates.song_id[rows].tolist())
    return tuple(
        Match(
            song_id=int(candidates.song_id[row]),
            song_name=names[int(candidates.song_id[row])],
            offset_s=units.frames_to_s(float(candidates.offset_ticks[row]), tick_s),
            votes=int(candidates.votes[row]),
            probability=float(probability[row]),
            confidence=float(confidence[row]),
            playback=query.playback,
        )
        for row in rows
    )
