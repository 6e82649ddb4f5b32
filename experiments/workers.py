"""Workers of a run: the cores of this machine, or a Dask cluster; and processes that are alone."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.context import BaseContext
from typing import Any, Literal, TypeVar

import joblib
from joblib.executor import get_memmapping_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from experiments.errors import RunError
from fpcore.bulk.parent import end_with
from fpcore.extras import needing
from fpcore.profiles import load_profile
from fpcore.warmup import make_ready

ResultT = TypeVar("ResultT")

OWN_PROCESS = "spawn"
"""Start method of a process that is measured: it holds and has loaded nothing of another one."""


@dataclass(frozen=True)
class Workers:
    """Either ``n_jobs`` processes on this machine (-1: one for each core), or a Dask cluster.

    The workers of a cluster must see the folders of runs, corpora and caches under the same
    paths, and have this project installed.
    """

    n_jobs: int = -1
    dask_address: str | None = None

    @contextmanager
    def ready(self) -> Iterator[Workers]:
        """Connect to the cluster, if there is one, while inside.

        Raises
        ------
        RunError
            When the cluster does not answer, or a worker process of this machine was killed.
        """
        try:
            if self.dask_address is None:
                try:
                    yield self
                finally:
                    self._dismiss()
                return
            with _connected(self.dask_address):
                yield self
        except TerminatedWorkerError:
            raise RunError(
                "a worker process was killed, most often for want of memory: run again with "
                "fewer --jobs; what is finished is kept"
            ) from None

    def _dismiss(self) -> None:
        """End the worker processes, which joblib would keep for later calls."""
        n_jobs = joblib.effective_n_jobs(self.n_jobs)
        if n_jobs > 1:
            get_memmapping_executor(n_jobs).terminate(kill_workers=True)

    def each(self, tasks: Sequence[tuple[Callable[..., ResultT], Any]]) -> Iterator[ResultT]:
        """Yield the result of each function on its arguments, as they come, in any order.

        A cluster gives the results of a batch together at its end: when a worker is lost, it does
        the whole batch again.
        """
        calls = (joblib.delayed(function)(*arguments) for function, arguments in tasks)
        if self.dask_address is None:
            yield from processes(self.n_jobs, return_as="generator_unordered")(calls)
            return
        with joblib.parallel_config(backend="dask"):
            n_at_once = 4 * joblib.effective_n_jobs()
            while batch := list(islice(calls, n_at_once)):
                yield from joblib.Parallel()(batch)


def processes(
    n_jobs: int, *, return_as: Literal["generator", "generator_unordered"] = "generator"
) -> joblib.Parallel:
    """Return joblib's pool of processes on this machine, which end when this one does.

    Parameters
    ----------
    n_jobs : int
        How many; -1 for one on each core, 1 for none beside this one.
    return_as : str, optional
        ``generator`` for results in the order of the calls, ``generator_unordered`` as they come.
    """
    make_ready(load_profile())  # or each process would compile the kernels for itself
    if joblib.effective_n_jobs(n_jobs) == 1:
        return joblib.Parallel(n_jobs=1, return_as=return_as)
    return joblib.Parallel(
        n_jobs=n_jobs, return_as=return_as, initializer=end_with, initargs=(os.getpid(),)
    )


def own_process() -> BaseContext:
    """Return what starts processes whose times and memory are measured."""
    return multiprocessing.get_context(OWN_PROCESS)


@contextmanager
def _connected(address: str) -> Iterator[None]:
    with needing("cluster"):
        from distributed import Client

    try:
        client = Client(address, timeout="10s", set_as_default=True)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise RunError(
            f"no Dask scheduler answers at {address} ({error}): start one with "
            "`dask scheduler` and workers with `dask worker ADDRESS`"
        ) from None
    with client:
        yield
