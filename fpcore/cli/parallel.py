"""Answers for many recordings, found on all cores, in the order of the recordings.

To start a process takes a second or two, to recognise a recording less than a tenth of one. So
this process answers alone until it has spent as long as a start takes. It then starts others if
the recordings that are left would take it several times as long.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

from fpcore.audio import AudioLimits
from fpcore.audio.sources import name_of
from fpcore.bulk.losses import lost
from fpcore.bulk.worker_pool import WorkerDiedError, WorkerPool, done_alone
from fpcore.config import Profile
from fpcore.errors import AudioError
from fpcore.library import AudioSource, Library
from fpcore.limits import is_of_memory

AnswerT = TypeVar("AnswerT")

START_S = 2.0
"""What it takes to start a process that recognises."""

WORTH_STARTS = 3
"""Others help when the rest would take this many starts."""

QUEUED_PER_WORKER = 3


@dataclass(frozen=True, slots=True)
class _Question(Generic[AnswerT]):
    """What a worker is told: what to ask of which index."""

    ask: Callable[[Library, AudioSource], AnswerT]
    database: Path
    profile: Profile
    limits: AudioLimits

    def __call__(self, path: str) -> AnswerT:
        """Return the answer for one file."""
        return self.ask(_library_of(self.database, self.profile, self.limits), path)


_opened: Library | None = None  # of this worker process


def _library_of(database: Path, profile: Profile, limits: AudioLimits) -> Library:
    """Return the library of this process, which ends with it."""
    global _opened  # noqa: PLW0603 - opened once, by the first file
    if _opened is None:
        _opened = Library.open(database, profile, limits=limits)
    return _opened


def answers(
    library: Library,
    paths: Sequence[str],
    ask: Callable[[Library, AudioSource], AnswerT],
    *,
    n_workers: int | None = None,
) -> Generator[AnswerT | AudioError, None, None]:
    """Yield what ``ask`` returns for each recording, in their order, as soon as it is known.

    Parameters
    ----------
    library : Library
        The index that is asked.
    paths : sequence of str
        Files with recordings. One that cannot be decoded yields its error, and the rest go on.
    ask : callable
        A function of a module, such as `Library.recognize`; what it returns can be pickled.
    n_workers : int, optional
        Processes to start; 1 is none but this one. Without, it depends on the time that it takes.

    Yields
    ------
    object or AudioError
        One for each path.

    Raises
    ------
    StoreError
        When the index cannot be read.
    """
    if n_workers is None:
        n_done = yield from _alone(library, paths, ask)
        paths, n_workers = paths[n_done:], os.cpu_count() or 1
    if n_workers == 1:
        yield from (_answer(library, path, ask) for path in paths)
    elif paths:
        database = library.store.file.absolute()
        question = _Question(ask, database, library.profile, library.limits)
        yield from _in_order(paths, question, n_workers)


def _alone(
    library: Library, paths: Sequence[str], ask: Callable[[Library, AudioSource], AnswerT]
) -> Generator[AnswerT | AudioError, None, int]:
    """Yield answers until it is worth it that others help, and return how many they are."""
    began = monotonic()
    for n_done, path in enumerate(paths, start=1):
        yield _answer(library, path, ask)
        spent_s, n_left = monotonic() - began, len(paths) - n_done
        if spent_s > START_S and n_left * spent_s / n_done > WORTH_STARTS * START_S:
            return n_done
    return len(paths)


def _answer(
    library: Library, path: str, ask: Callable[[Library, AudioSource], AnswerT]
) -> AnswerT | AudioError:
    try:
        return ask(library, path)
    except AudioError as error:
        return error


def _in_order(
    paths: Sequence[str], question: _Question[AnswerT], n_workers: int
) -> Iterator[AnswerT | AudioError]:
    """Yield the answers of worker processes."""
    remaining = iter(paths)
    pool = _pool(question, n_workers)
    asked: deque[tuple[str, Future[AnswerT]]] = deque()
    try:
        while True:
            while len(asked) < n_workers * QUEUED_PER_WORKER:
                path = next(remaining, None)
                if path is None:
                    break
                asked.append((path, pool.submit(path)))
            if not asked:
                return
            wait([asked[0][1]])
            if isinstance(asked[0][1].exception(), BrokenProcessPool):
                # A decoder took its process down, and the pool with it: find out which file.
                pool.close()
                for path, _ in asked:
                    answer = _in_own_process(path, question)
                    yield answer
                asked.clear()
                pool = _pool(question, n_workers)
            else:
                answer = _result(*asked.popleft())
                yield answer
    finally:
        pool.close()


def _pool(question: _Question[AnswerT], n_workers: int) -> WorkerPool[str, AnswerT]:
    return WorkerPool(question, n_workers, preload=__name__)


def _in_own_process(path: str, question: _Question[AnswerT]) -> AnswerT | AudioError:
    future = done_alone(question, path, preload=__name__)
    error = future.exception()
    if isinstance(error, WorkerDiedError):
        return lost(path, error.exit_code)
    return _result(path, future)


def _result(path: str, future: Future[AnswerT]) -> AnswerT | AudioError:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, AudioError):
        return error
    if is_of_memory(error):
        return AudioError(f"{name_of(path)}: there is not enough memory to recognise it")
    raise error
