"""Jobs that do to a decoding process what a file made to harm it could do."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from api.decoding.jobs import Task


@dataclass(frozen=True, slots=True)
class Rogue:
    """The parts that all have."""

    path: Path = Path("nowhere")
    name: str = "rogue.wav"


@dataclass(frozen=True, slots=True)
class Tell(Rogue):
    """Harmless: tell who worked on it."""

    def run(self, task: Task) -> int:
        return os.getpid()


@dataclass(frozen=True, slots=True)
class Spin(Rogue):
    """Use the processor for ever."""

    def run(self, task: Task) -> None:
        while True:
            pass


@dataclass(frozen=True, slots=True)
class Wait(Rogue):
    """Wait for ever, after a note that it began."""

    note: Path = Path("nowhere")

    def run(self, task: Task) -> None:
        self.note.write_text(str(os.getpid()))
        while True:
            signal.pause()


@dataclass(frozen=True, slots=True)
class Grow(Rogue):
    """Take all memory."""

    def run(self, task: Task) -> int:
        hoard = []
        while True:
            hoard.append(bytearray(10_000_000))


@dataclass(frozen=True, slots=True)
class Die(Rogue):
    """End the process by a signal, as a fault in a decoder does."""

    by: int = signal.SIGSEGV

    def run(self, task: Task) -> None:
        signal.signal(self.by, signal.SIG_DFL)
        os.kill(os.getpid(), self.by)


@dataclass(frozen=True, slots=True)
class Exit(Rogue):
    """End the process without a signal, as one that cannot be set up does."""

    def run(self, task: Task) -> None:
        os._exit(3)


@dataclass(frozen=True, slots=True)
class Fail(Rogue):
    """Raise what nobody foresaw."""

    def run(self, task: Task) -> None:
        raise ZeroDivisionError("unforeseen")
