"""Asking of several systems: all learn the same files and answer the same queries, in turn.

All systems run at once, each in its process, but only one of them works at a time. Every row is
written as soon as it is known.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import soundfile

from experiments import provenance
from experiments.corpora import Corpus, Track
from experiments.errors import RunError
from experiments.evaluation.verdicts import is_right
from experiments.protocol import queries as q
from experiments.protocol.splits import Role
from experiments.studies.peers.contract import INDEX, NO_ANSWER, Answer, Spec
from experiments.studies.peers.process import (
    Ask,
    Asked,
    Died,
    Learn,
    Learned,
    Save,
    Saved,
    Spent,
    SystemProcess,
)
from experiments.studies.peers.record import ComparisonFolder
from experiments.studies.peers.task import Comparison

HOPELESS = 10
"""Number of files that a system may die on without having learned one; then the comparison ends."""

Advance = Callable[[str, int, int], None]
"""Called with what is being done, how many steps of it are done, and how many there are."""


def compare(comparison: Comparison, record: ComparisonFolder, advance: Advance) -> None:
    """Let every system learn the files and answer the queries; what is recorded is not repeated.

    Parameters
    ----------
    comparison : Comparison
        Which systems learn which songs and answer which queries.
    record : ComparisonFolder
        Where the rows are written.
    advance : Advance
        Is told how far the work is.

    Raises
    ------
    RunError
        When a system cannot run at all, or the folder holds another comparison.
    CorpusError
        When the corpus is too small for the queries.
    """
    names = [spec.name for spec in comparison.specs]
    if len(set(names)) < len(names):
        raise RunError(f"every system needs a name of its own, got {', '.join(names)}")
    for spec in comparison.specs:
        spec.check()
    asked = comparison.queries()
    about = {
        "run": record.folder.name,
        "git_commit": provenance.git_commit(),
        "host": provenance.host(),
        "started": provenance.now(),
    }
    record.begin(comparison.settings(), about)
    _learn(comparison, record, advance)
    _ask(comparison, record, asked, advance)
    shutil.rmtree(record.folder / "scratch", ignore_errors=True)


def _folder(record: ComparisonFolder, spec: Spec) -> Path:
    """Return the folder of a system; its name is no path."""
    name = "".join(char if char.isalnum() else "-" for char in spec.name)
    return record.folder / "scratch" / name


@contextmanager
def _started(record: ComparisonFolder, specs: Sequence[Spec]) -> Iterator[list[SystemProcess]]:
    with ExitStack() as stack:
        processes = []
        for spec in specs:
            folder = _folder(record, spec)
            folder.mkdir(parents=True, exist_ok=True)
            processes.append(stack.enter_context(SystemProcess(spec, folder)))
        yield processes


def _died_on(record: ComparisonFolder, phase: str) -> set[tuple[str, str]]:
    """Return pairs of system and item, in the record so far."""
    deaths = record.rows("deaths")
    deaths = deaths[deaths["phase"] == phase]
    return set(zip(deaths["system"], deaths["item"], strict=True))


def _learn(comparison: Comparison, record: ComparisonFolder, advance: Advance) -> None:
    """Make the index of every system that has none."""
    finished = set(record.rows("indexes")["system"])
    missing = [spec for spec in comparison.specs if spec.name not in finished]
    context = comparison.context
    with _started(record, missing) as processes:
        _learn_songs(context.corpus, context.parts.indexed, processes, record, advance)
        saved = {process.spec.name: _saved(process) for process in processes}
    for spec in missing:
        learned = record.songs()
        learned = learned[learned["system"] == spec.name]
        reply = saved[spec.name]
        index = _folder(record, spec) / INDEX
        row = {
            "system": spec.name,
            "n_songs": len(learned),
            "audio_s": float(learned["audio_s"].sum()),
            "n_postings": reply.n_postings,
            "n_bytes": sum(file.stat().st_size for file in index.rglob("*") if file.is_file()),
            **_seconds("save", reply.save),
        }
        record.add("indexes", row)


def _learn_songs(
    source: Corpus,
    tracks: Sequence[Track],
    processes: Sequence[SystemProcess],
    record: ComparisonFolder,
    advance: Advance,
) -> None:
    """Give every file to every system until each is learned or was its death.

    A system that dies loses what it had not written, so the files may have to be gone through
    again.
    """
    died = _died_on(record, "learning")

    def wanted(process: SystemProcess, track: Track) -> bool:
        return track.id not in process.songs and (process.spec.name, track.id) not in died

    while any(wanted(process, track) for process in processes for track in tracks):
        for number, track in enumerate(tracks):
            advance("learning", number, len(tracks))
            for process in processes:
                if not wanted(process, track):
                    continue
                reply = process.request(Learn(track.id, source.path_of(track)))
                if isinstance(reply, Learned):
                    record.add("songs", _learned_row(process, track, reply))
                else:
                    died.add((process.spec.name, track.id))
                    _record_death(record, process, "learning", track.id, reply)
                    _give_up_if_hopeless(process, died, reply)


def _learned_row(process: SystemProcess, track: Track, reply: Learned) -> dict[str, Any]:
    return {
        "system": process.spec.name,
        "song": track.id,
        "audio_s": track.duration_s,
        **_seconds("decode", reply.decode),
        **_seconds("learn", reply.learn),
    }


def _give_up_if_hopeless(process: SystemProcess, died: set[tuple[str, str]], reply: object) -> None:
    n_died = sum(system == process.spec.name for system, _ in died)
    if n_died >= HOPELESS and not process.songs:
        raise RunError(
            f"{process.spec.name} died on each of the first {n_died} files "
            f"({_reason(reply)}): nothing can be compared with it"
        )


def _saved(process: SystemProcess) -> Saved:
    reply = process.request(Save())
    if not isinstance(reply, Saved):
        raise RunError(f"{process.spec.name} could not save its index: {_reason(reply)}")
    return reply


def _ask(
    comparison: Comparison,
    record: ComparisonFolder,
    asked: dict[Role, list[q.Query]],
    advance: Advance,
) -> None:
    """Ask every system what it has not been asked."""
    before = record.rows("outcomes")
    done = set(zip(before["system"], before["query"], strict=True))
    role_of = {query.id: role for role, queries in asked.items() for query in queries}
    names = [spec.name for spec in comparison.specs]
    everything = [query for queries in asked.values() for query in queries]
    missing = [one for one in everything if any((name, one.id) not in done for name in names)]
    if not missing:
        return
    clip = record.folder / "scratch" / "clip.wav"
    with _started(record, comparison.specs) as processes:
        for n, (query, start_s) in enumerate(_written(comparison, missing, clip)):
            advance("asking", len(everything) - len(missing) + n, len(everything))
            for process in processes:
                if (process.spec.name, query.id) in done:
                    continue
                row = _asked_row(process, query, clip, record)
                row |= {"role": role_of[query.id], "start_s": start_s}
                row["right"] = is_right(comparison.context.corpus, row["answer"], query.track)
                record.add("outcomes", row)


def _written(
    comparison: Comparison, queries: Sequence[q.Query], file: Path
) -> Iterator[tuple[q.Query, float]]:
    """Yield each query with its start in seconds, while ``file`` holds it, degraded."""
    for clip in comparison.context.clips(queries, comparison.cutting):
        heard = comparison.context.recording(clip)
        # As floats, so that noise louder than full scale is not clipped.
        soundfile.write(file, heard.samples, heard.sample_rate_hz, subtype="FLOAT")
        yield clip.query, clip.start_s


def _asked_row(
    process: SystemProcess, query: q.Query, clip: Path, record: ComparisonFolder
) -> dict[str, Any]:
    """Return what a system answers; a death is recorded and counts as no answer."""
    head = {
        "system": process.spec.name,
        "query": query.id,
        "track": query.track.id,
        "work": query.track.work,
        "condition": query.condition.name,
        "clip_s": query.clip_s,
        "indexed": query.indexed,
    }
    reply = process.request(Ask(clip))
    if not isinstance(reply, Asked):
        _record_death(record, process, "asking", query.id, reply)
        costs = dict.fromkeys(("ask_s", "ask_cpu_s", "memory_bytes"))
        return {**head, **_answered(NO_ANSWER), **costs}
    costs = {**_seconds("ask", reply.ask), "memory_bytes": reply.memory_bytes}
    return {**head, **_answered(reply.answer), **costs}


def _answered(answer: Answer) -> dict[str, Any]:
    return {
        "answer": answer.song,
        "score": answer.score,
        "accepted": answer.accepted,
        "offset_s": answer.offset_s,
    }


def _seconds(what: str, spent: Spent) -> dict[str, float]:
    return {f"{what}_s": spent.wall_s, f"{what}_cpu_s": spent.cpu_s}


def _record_death(
    record: ComparisonFolder, process: SystemProcess, phase: str, item: str, reply: object
) -> None:
    row = {"system": process.spec.name, "phase": phase, "item": item, "reason": _reason(reply)}
    record.add("deaths", row)


def _reason(reply: object) -> str:
    return reply.reason if isinstance(reply, Died) else f"it replied {reply!r}"
