"""Trial folders: each holds the rows of one trial of a run, written whole or not at all.

Which files there are is told in `run_folder`. Reading costs a file each time: nothing is cached.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from experiments.errors import RunError
from experiments.files import read_rows, writing
from fpcore import atomic
from fpcore.config import Decision, Profile, parse
from fpcore.profiles import load_profile

TrialStatus = Literal["waiting", "done", "failed"]


@dataclass(frozen=True)
class TrialFolder:
    """The folder of one trial."""

    path: Path

    @property
    def status(self) -> TrialStatus:
        """Whether the trial is done, failed, or has still to run."""
        if (self.path / "done").is_file():
            return "done"
        return "failed" if (self.path / "error.txt").is_file() else "waiting"

    @property
    def profile(self) -> Profile:
        """The profile that the trial asked with."""
        return load_profile(self.path / "profile.json")

    @property
    def decision(self) -> Decision:
        """The decision fitted on all calibration rows."""
        file = self.path / "decision.json"
        return parse(Decision, self._bytes("decision.json"), source=file)

    @property
    def outcomes(self) -> pd.DataFrame:
        """A row per query; see `experiments.evaluation.rows`."""
        return read_rows(self.path / "outcomes.csv")

    @property
    def candidates(self) -> pd.DataFrame:
        """A row per query and song."""
        return read_rows(self.path / "candidates.csv")

    @property
    def timings(self) -> pd.DataFrame:
        """A row per timed query."""
        return read_rows(self.path / "timings.csv")

    @property
    def index(self) -> dict[str, float]:
        """Size and cost of the index, NaN where not measured; see `experiments.sweeps.latency`."""
        costs: dict[str, float | None] = json.loads(self._bytes("index.json"))
        return {name: math.nan if value is None else value for name, value in costs.items()}

    @property
    def error(self) -> str:
        """Why the trial failed; "" when it did not."""
        file = self.path / "error.txt"
        return file.read_text(encoding="utf-8").strip() if file.is_file() else ""

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise RunError(f"cannot read {self.path / name}: {error.strerror}") from None

    @contextmanager
    def filled(self) -> Iterator[Path]:
        """Yield a new folder to fill, which then becomes the trial's, unless that one is done."""
        with writing(self.path), atomic.whole_folder(self.path, durable=True) as part:
            yield part
            (part / ("error.txt" if (part / "error.txt").exists() else "done")).touch()
            if self.status != "done":
                shutil.rmtree(self.path, ignore_errors=True)
