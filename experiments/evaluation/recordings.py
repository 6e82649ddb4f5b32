"""Asking of an index about recordings whose right song is known.

Rows are those of `experiments.evaluation.rows`, one for each recording, with a column more for each
group of the query set. What differs from excerpts under conditions:

* ``query`` is the recording's name in its list and the beginning of its checksum; ``track`` is ""
  and ``work`` the recording's own for strangers; ``role`` is "test", for nothing is fitted.
* ``condition`` is "recorded", or what the list has in its column of that name.
* ``clip_s`` is the length of the recording, as far as it is heard, in whole seconds.
* ``start_s`` and ``offset_error_s`` are NaN where the list tells no place.
* ``same_passage`` compares the song's own passages, so that an exact repeat is found where the
  audio of the songs is at hand, and otherwise no place but the true one.
* Recordings are decoded and fingerprinted as ``fpcore recognize`` does, so all times are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from experiments.corpora import Corpus
from experiments.errors import CorpusError
from experiments.evaluation.context import Context
from experiments.evaluation.index import build_index
from experiments.evaluation.verdicts import AudioOf, verdict_on_recording
from experiments.folders import temporary_folder
from experiments.progress import Show, Step, silent
from experiments.protocol.plan import Plan
from experiments.protocol.recordings import Fault, KnownSong, KnownSongs, QuerySet, RecordedQuery
from experiments.workers import Workers, processes
from fpcore.config import Profile
from fpcore.errors import AudioError
from fpcore.library import Library
from fpcore.records import Match, Signal, StageTimes

CONDITION = "recorded"
"""Name of the condition of recordings whose list names none."""

COLUMNS = (
    *("query", "track", "work", "condition", "clip_s", "start_s", "indexed", "answer"),
    *("probability", "votes", "offset_s", "right", "offset_error_s", "same_passage"),
    *("decode_s", "fingerprint_s", "lookup_s", "align_s", "n_hashes", "role"),
)
"""Columns of outcome rows, whose names groups must not have (see `experiments.evaluation.rows`)."""

ALL_INDEXED = Plan((), (), 0, 0, calibration_share=0.0, left_out_share=0.0)
"""The plan of a corpus of which every track is indexed, and none is asked about."""

_ASKED_S = 0.06
_LEARNED_S, _RELEARNED_S = 0.003, 0.0001
"""Seconds of the processor that asking takes for each recording, and learning for each second of a
song, anew and from the cache. Progress weighs by them. Measured with the profile `balanced` and
170 songs, on one core."""


@dataclass(frozen=True, slots=True)
class RecordingRows:
    """Outcome rows of the recordings that could be asked, the faults of the others, and notes.

    ``notes`` are sentences on recordings of which not all could be heard, or not every channel.
    """

    outcomes: pd.DataFrame
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """What an index answers to a recording: what of it goes into the row."""

    best: Match | None
    times: StageTimes
    n_hashes: int
    duration_s: float
    notes: tuple[str, ...]


def ask_corpus(
    found: QuerySet,
    profile: Profile,
    corpus: Corpus,
    *,
    n_jobs: int = -1,
    show: Show = silent,
) -> RecordingRows:
    """Return what an index of a whole corpus answers, made for this and removed again.

    Parameters
    ----------
    found : QuerySet
        What is asked; its songs are those of ``KnownSongs.of_corpus``.
    profile : Profile
        The configuration that learns and asks, with its decision.
    corpus : Corpus
        All of its tracks are indexed, but for exact duplicates.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown.

    Returns
    -------
    RecordingRows

    Raises
    ------
    AudioError, CorpusError
        When a track of the corpus cannot be read, or a group has the name of a column of rows.
    RunError
        When a worker process is killed.
    """
    _refuse_taken(found)
    context, config = Context.of(corpus, ALL_INDEXED), profile.fingerprint
    learned_s = sum(
        (_RELEARNED_S if context.cache.has_song_maxima(track, config) else _LEARNED_S)
        * track.duration_s
        for track in context.parts.indexed
    )
    asked_s = _ASKED_S * len(found.queries)

    def audio_of(song: KnownSong) -> Signal:
        return context.cache.signal(corpus, corpus.by_id[song.id], config)

    with temporary_folder() as folder, Workers(n_jobs).ready():
        database = folder / "index.db"
        on_learned = _part_of(show, learned_s + asked_s, done_s=0.0, part_s=learned_s)
        build_index(context, config, database, n_jobs=n_jobs, show=on_learned)
        return _ask(
            found,
            profile,
            database,
            KnownSongs.of_corpus(corpus),
            audio_of=audio_of,
            n_jobs=n_jobs,
            show=_part_of(show, learned_s + asked_s, done_s=learned_s, part_s=asked_s),
        )


def ask_database(
    found: QuerySet,
    profile: Profile,
    database: Path,
    known: KnownSongs,
    *,
    n_jobs: int = -1,
    show: Show = silent,
) -> RecordingRows:
    """Return what a database answers that someone learned songs into.

    Parameters
    ----------
    found : QuerySet
        What is asked; its songs are ``known``.
    profile : Profile
        The configuration that asks, with its decision.
    database : Path
        The index, made under the same fingerprint.
    known : KnownSongs
        Its songs, as ``KnownSongs.of_store`` returns them.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown, in recordings.

    Returns
    -------
    RecordingRows

    Raises
    ------
    StoreError
        When the database cannot be read.
    CorpusError
        When a group has the name of a column of rows.
    RunError
        When a worker process is killed.
    """
    _refuse_taken(found)
    with Workers(n_jobs).ready():
        return _ask(found, profile, database, known, audio_of=None, n_jobs=n_jobs, show=show)


def _refuse_taken(found: QuerySet) -> None:
    for name in found.columns:
        if name in COLUMNS and name != "condition":
            raise CorpusError(
                f"{found.path.name} has a column {name!r}, which rows have for something else: "
                "call it otherwise"
            )


def _part_of(show: Show, total_s: float, *, done_s: float, part_s: float) -> Show:
    """Return where a part of the work shows its progress on the scale of the whole.

    The work takes some ``total_s``, of which ``done_s`` come before the part and ``part_s`` are it.
    """
    n_total = max(round(100 * total_s), 1)

    def show_part(step: Step) -> None:
        now_s = done_s + part_s * step.n_done / step.n_total
        label = f"{step.label}, {step.n_done:,} of {step.n_total:,}"
        show(Step(label, round(n_total * now_s / total_s), n_total))

    return show_part


def _ask(
    found: QuerySet,
    profile: Profile,
    database: Path,
    known: KnownSongs,
    *,
    audio_of: AudioOf | None,
    n_jobs: int,
    show: Show,
) -> RecordingRows:
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    notes: list[str] = []
    answers = _answers(found.queries, profile, database, n_jobs)
    for n_done, (query, heard) in enumerate(zip(found.queries, answers, strict=True), start=1):
        show(Step("asking", n_done, len(found.queries)))
        if isinstance(heard, str):
            faults.append(Fault("no audio", f"{query.place}: {heard}"))
            continue
        notes += [f"{query.place}: {query.name}: {note}" for note in heard.notes]
        rows.append(_row(query, heard, known, audio_of))
    columns = [*COLUMNS, *(name for name in found.columns if name not in COLUMNS)]
    return RecordingRows(pd.DataFrame(rows, columns=columns), tuple(faults), tuple(notes))


def _answers(
    queries: Sequence[RecordedQuery], profile: Profile, database: Path, n_jobs: int
) -> Iterator[_Heard | str]:
    """Yield what was heard of each recording, or why nothing was."""
    if joblib.effective_n_jobs(n_jobs) == 1:
        with Library.open(database, profile) as library:
            for query in queries:
                yield _heard(library, query.file)
        return
    yield from processes(n_jobs)(
        joblib.delayed(_heard_opened)(profile, database, query.file) for query in queries
    )


def _heard_opened(profile: Profile, database: Path, file: Path) -> _Heard | str:
    return _heard(_opened(profile.model_dump_json(), database), file)


@lru_cache(maxsize=1)
def _opened(profile: str, database: Path) -> Library:
    """Return the library of a worker process; it is closed with the process."""
    return Library.open(database, Profile.model_validate_json(profile))


def _heard(library: Library, file: Path) -> _Heard | str:
    try:
        trace = library.align(file)
    except AudioError as error:
        return str(error)
    return _Heard(
        trace.matches[0] if trace.matches else None,
        trace.times,
        len(trace.query.hashes),
        trace.query.duration_s,
        tuple(str(note) for note in (trace.cut, trace.remixed) if note is not None),
    )


def _row(
    query: RecordedQuery, heard: _Heard, known: KnownSongs, audio_of: AudioOf | None
) -> dict[str, Any]:
    best, song = heard.best, query.song
    answer = known.answered(best.song_id, best.song_name) if best else None
    offset_s = best.offset_s if best else 0.0
    verdict = verdict_on_recording(
        query, answer, offset_s=offset_s, duration_s=heard.duration_s, audio_of=audio_of
    )
    return {
        "query": query.id,
        "track": song.id if song else "",
        "work": query.work,
        "condition": query.groups.get("condition") or CONDITION,
        "clip_s": float(round(heard.duration_s)),
        "start_s": query.start_s,
        "indexed": song is not None,
        "answer": answer.id if answer else "",
        "probability": best.probability if best else 0.0,
        "votes": best.votes if best else 0,
        "offset_s": offset_s,
        **verdict,
        "decode_s": heard.times.decode_s,
        "fingerprint_s": heard.times.fingerprint_s,
        "lookup_s": heard.times.lookup_s,
        "align_s": heard.times.align_s,
        "n_hashes": heard.n_hashes,
        "role": "test",
        **{name: value for name, value in query.groups.items() if name != "condition"},
    }
