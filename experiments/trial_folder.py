"""The folder of one trial in a run: written whole or not at all; see `experiments.runs`."""

from __future__ import annotations

import errno
import json
import math
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from fpcore.config import Decision, Profile, parse
from fpcore.errors import FpError
from fpcore.profiles import load_profile

TrialStatus = Literal["waiting", "done", "failed"]


class RunError(FpError):
    """A run folder that cannot be read, written, or gone on with."""


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
        """A row per query; see `experiments.outcomes`."""
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
        """Size and cost of the index, NaN where not measured; see `experiments.latency`."""
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
        """Give a new folder to fill, which becomes the trial's unless it is there already."""
        beside = self.path.with_name(f".{self.path.name}.{platform.node()}.{os.getpid()}")
        with writing(self.path):
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            try:
                yield beside
                (beside / ("error.txt" if (beside / "error.txt").exists() else "done")).touch()
                if self.status != "done":
                    shutil.rmtree(self.path, ignore_errors=True)
                    beside.rename(self.path)
            finally:
                shutil.rmtree(beside, ignore_errors=True)


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write rows as CSV: the same rows give the same bytes, and floats read back the same."""
    rows.to_csv(path, index=False, lineterminator="\n")


def read_rows(path: Path) -> pd.DataFrame:
    """Return the rows of a CSV file; an empty text stays text.

    Raises
    ------
    RunError
        When it cannot be read.
    """
    asked = ("query", "track", "work", "condition", "answer", "song", "role")
    texts = (*asked, "system", "phase", "item", "reason")
    try:
        columns = pd.read_csv(path, nrows=0).columns
        text_columns = {name: str for name in texts if name in columns}
        rows = pd.read_csv(
            path,
            dtype=text_columns,
            keep_default_na=False,
            na_values={name: [""] for name in columns if name not in text_columns},
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"cannot read {path}: {reason}") from None
    return rows


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses while writing under ``path`` into one sentence."""
    try:
        yield
    except OSError as error:
        raise RunError(_sentence(path, error)) from None


def is_disk_full(error: BaseException) -> bool:
    """Whether a failure comes from a full disk or quota."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _sentence(path: Path, error: OSError) -> str:
    if is_disk_full(error):
        return (
            f"the disk is full ({path}): make room and give the same command again; "
            "what is finished is kept"
        )
    return f"cannot write {error.filename or path}: {error.strerror or error}"
