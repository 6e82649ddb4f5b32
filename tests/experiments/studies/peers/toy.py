"""A system that knows songs by the names of their files, and fails in ways one can ask for."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.studies.peers.contract import INDEX, Answer, Spec, System
from fpcore.records import FloatArray
from tests.orphans import rest

RATE_HZ = 1_000


@dataclass(frozen=True)
class ToySpec:
    """``failing`` says what happens at the item ``failing_at``: killed, raising or hanging;
    opening or resting it does before."""

    name: str = "toy"
    failing: str = "never"
    failing_at: str = ""
    family: str = "toys"

    def describe(self) -> dict[str, Any]:
        return {"family": self.family, "failing": self.failing, "failing_at": self.failing_at}

    def check(self) -> None:
        pass

    def open(self, folder: Path) -> Toy:
        if self.failing == "opening":
            raise ValueError("no toys today")
        if self.failing == "resting":
            rest(str(folder))
        return Toy(self, folder)


class Toy:
    """Every second song is written at once, the others wait for the next one."""

    def __init__(self, spec: ToySpec, folder: Path) -> None:
        self._spec = spec
        self._folder = folder / INDEX
        self._folder.mkdir(parents=True, exist_ok=True)
        self._waiting: list[str] = []

    def songs(self) -> frozenset[str]:
        return frozenset(file.name for file in self._folder.iterdir())

    def warm_up(self) -> None:
        pass

    def decode(self, path: Path) -> FloatArray:
        return np.zeros(RATE_HZ, dtype=np.float32)

    def learn(self, name: str, samples: FloatArray) -> None:
        self._fail(name)
        self._waiting.append(name)
        if len(self._waiting) == 2:
            self.save()

    def save(self) -> int:
        for name in self._waiting:
            (self._folder / name).write_bytes(b"0123456789")
        self._waiting = []
        return 10 * len(self.songs())

    def ask(self, path: Path) -> Answer:
        self._fail(path.stem)
        known = path.stem in self.songs()
        return Answer(path.stem if known else "", 7.0 if known else 0.0, known, 1.5)

    def close(self) -> None:
        pass

    def _fail(self, item: str) -> None:
        if item != self._spec.failing_at:
            return
        match self._spec.failing:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "raising":
                raise ValueError(f"{item} is too loud")
            case "hanging":
                (self._folder.parent / "pid").write_text(str(os.getpid()))
                time.sleep(600)


@dataclass(frozen=True)
class KilledAt:
    """Another system whose process is killed when it is at a song."""

    inner: Spec
    song: str

    @property
    def name(self) -> str:
        return f"{self.inner.name} killed"

    @property
    def family(self) -> str:
        return self.inner.family

    def describe(self) -> dict[str, Any]:
        return {**self.inner.describe(), "killed_at": self.song}

    def check(self) -> None:
        self.inner.check()

    def open(self, folder: Path) -> System:
        system = self.inner.open(folder)
        learn = system.learn

        def learn_or_die(name: str, samples: FloatArray) -> None:
            if name == self.song:
                os.kill(os.getpid(), signal.SIGKILL)
            learn(name, samples)

        setattr(system, "learn", learn_or_die)  # noqa: B010 - a protocol's method
        return system
