"""Other processes that the tests start, kill or wait for.

They are forked from a process that has imported what they need: to start one takes milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from fpcore.errors import FpError
from fpcore.store import Store, connections, conversion, open_store, schema, swapping
from fpcore.store.layout import LayoutName
from tests.fpcore.store.material import CONFIGS, entry

PATIENCE_S = 300.0

Say: TypeAlias = Callable[[str], None]
"""Passes a line on, whole even when the process is killed right afterwards."""

Wait: TypeAlias = Callable[[], None]
"""Waits until told to go on."""


class Program:
    """A process that does one of `ACTIONS` with the index at ``path``."""

    def __init__(self, action: str, path: Path, *arguments: object) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._lines, says = context.Pipe(duplex=False)
        hears, self._signals = context.Pipe(duplex=False)
        self._process = context.Process(target=_do, args=(action, path, arguments, says, hears))
        self._process.start()
        says.close()
        hears.close()

    def line(self) -> str:
        """Return the next line that it says; empty when it has ended."""
        if not self._lines.poll(PATIENCE_S):
            raise TimeoutError(f"no line in {PATIENCE_S:g} s")
        try:
            line: str = self._lines.recv()
        except EOFError:
            return ""
        return line

    def rest(self) -> list[str]:
        """Return the lines that it says from here to its end, and wait for that."""
        lines = list(iter(self.line, ""))
        self._process.join(PATIENCE_S)
        self._lines.close()
        self._signals.close()
        return lines

    def go_on(self) -> None:
        """Let it go on where it waits."""
        self._signals.send(None)

    def kill(self) -> None:
        """End it at whatever it is doing."""
        self._process.kill()

    @property
    def exit_code(self) -> int | None:
        """What it ended with, once it has: the number of a signal is negative."""
        return self._process.exitcode


def _do(
    action: str, path: Path, arguments: tuple[Any, ...], says: Connection, hears: Connection
) -> None:
    ACTIONS[action](path, says.send, hears.recv, *arguments)


def learn(
    path: Path,
    say: Say,
    wait: Wait,
    kind: str,
    first: int,
    n_songs: int,
    batch: int,
    layout: LayoutName = "classic",
) -> None:
    """Learn songs in batches; say the seed and id of each as soon as it is acknowledged."""
    with open_store(path, CONFIGS[kind], create=True, layout=layout) as store:
        for start in range(first, first + n_songs, batch):
            seeds = range(start, start + batch)
            for seed, added in zip(seeds, store.add_songs(map(entry, seeds)), strict=True):
                say(f"{seed} {added.song.id} {added.created}")


def learn_and_die(path: Path, say: Say, wait: Wait) -> None:
    """Add one more song, and be killed before the index is closed."""
    store = open_store(path, None)
    store.add_song(*entry(1000))
    say("added")
    os.kill(os.getpid(), signal.SIGKILL)


def merge_and_die(path: Path, say: Say, wait: Wait, n_steps: int) -> None:
    """Merge all segments, and die before a step that opens, renames or removes a file."""
    steps = iter(range(n_steps))

    def count(event: str, arguments: object) -> None:
        is_step = event in ("open", "os.rename", "os.remove") and ".segments" in str(arguments)
        if is_step and next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_store(path, None) as store:
        store.lookup(np.zeros(1, np.int64))  # compiled code is read from files
        sys.addaudithook(count)
        store.make_snapshot()
        say("done")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def convert_and_die(path: Path, say: Say, wait: Wait, n_steps: int) -> None:
    """Convert an index, and die at a step of SQLite's virtual machine."""
    steps = iter(range(n_steps // STEPS_AT_ONCE))

    def count() -> None:
        if next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(*arguments: object, **options: object) -> sqlite3.Connection:
        connection = connections.connect(*arguments, **options)  # type: ignore[arg-type]
        connection.set_progress_handler(count, STEPS_AT_ONCE)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        for module in (conversion, swapping):
            patch.setattr(module, "connect", counting)
        conversion.convert(path)
    say("done")


STEPS_AT_ONCE = 10


def open_and_die(path: Path, say: Say, wait: Wait, n_steps: int) -> None:
    """Bring an old index up to date, and die at a step of SQLite's virtual machine."""
    steps = iter(range(n_steps))

    def count() -> None:
        if next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    connection = sqlite3.connect(path, isolation_level=None)
    connection.set_progress_handler(count, 1)
    schema.bring_up_to_date(connection)
    say("done")


def lock(path: Path, say: Say, wait: Wait) -> None:
    """Keep the index locked for writing until told to go on."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    say("locked")
    wait()
    connection.execute("ROLLBACK")


def snapshot(path: Path, say: Say, wait: Wait) -> None:
    """Make a snapshot; wait at each step of the progress."""

    def tell(n_done: int, n_postings: int) -> None:
        say(f"{n_done} of {n_postings}")
        wait()

    with open_store(path, None) as store:
        store.make_snapshot(tell)


def read(path: Path, say: Say, wait: Wait, user: int) -> None:
    """Open the index as a user, and say how many songs it has or why that failed."""
    _open_as(user, say, partial(open_store, path, None))


def make(path: Path, say: Say, wait: Wait, user: int) -> None:
    """Make an index as a user, and say how many songs it has or why that failed."""
    _open_as(user, say, partial(open_store, path, CONFIGS["packed"], create=True))


def _open_as(user: int, say: Say, opened: Callable[[], Store]) -> None:
    if os.geteuid() != user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    try:
        with opened() as store:
            say(str(store.n_songs()))
    except FpError as error:
        say(f"{type(error).__name__}: {error}")


ACTIONS: dict[str, Callable[..., None]] = {
    "learn": learn,
    "learn and die": learn_and_die,
    "lock": lock,
    "merge and die": merge_and_die,
    "make": make,
    "convert and die": convert_and_die,
    "open and die": open_and_die,
    "read": read,
    "snapshot": snapshot,
}
