"""Other processes that the tests start, kill or wait for: ``python -m <this> ACTION PATH …``."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fpcore.errors import FpError
from fpcore.store import open_store
from tests.fpcore.store.material import CONFIGS, entry

ROOT = Path(__file__).resolve().parents[3]


def start(action: str, path: Path, *arguments: object) -> Program:
    """Start an action of this file on the index at ``path``."""
    command = [sys.executable, "-m", __name__, action, str(path), *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


Program = subprocess.Popen[str]


def line(program: Program) -> str:
    """Return the next line that a program prints; empty when it has ended."""
    assert program.stdout is not None
    return program.stdout.readline().strip()


def rest(program: Program) -> str:
    """Return what a program prints from here to its end, and wait for that.

    Unlike ``communicate``, which would miss what `line` has read ahead.
    """
    with program:
        assert program.stdout is not None
        return program.stdout.read()


def learn(path: Path, kind: str, first: str, n_songs: str, batch: str) -> None:
    """Learn songs in batches and print the seed and id of each as soon as it is acknowledged."""
    with open_store(path, CONFIGS[kind], create=True) as store:
        for start in range(int(first), int(first) + int(n_songs), int(batch)):
            seeds = range(start, start + int(batch))
            for seed, added in zip(seeds, store.add_songs(map(entry, seeds)), strict=True):
                # One write: a kill must not cut the line where it passes whole.
                sys.stdout.write(f"{seed} {added.song.id} {added.created}\n")
                sys.stdout.flush()


def lock(path: Path) -> None:
    """Keep the index locked for writing until standard input ends."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    print("locked", flush=True)
    sys.stdin.read()
    connection.execute("ROLLBACK")


def snapshot(path: Path) -> None:
    """Make a snapshot; stop at each step of the progress until a line comes in."""

    def wait(n_done: int, n_postings: int) -> None:
        print(f"{n_done} of {n_postings}", flush=True)
        sys.stdin.readline()

    with open_store(path, None) as store:
        store.make_snapshot(wait)


def read(path: Path, user: str) -> None:
    """Open the index as a user, and print how many songs it has or why that failed."""
    if os.geteuid() != int(user):
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    try:
        with open_store(path, None) as store:
            print(store.n_songs())
    except FpError as error:
        print(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    _, action, path, *arguments = sys.argv
    actions: dict[str, Callable[..., None]] = {
        "learn": learn,
        "lock": lock,
        "read": read,
        "snapshot": snapshot,
    }
    actions[action](Path(path), *arguments)
