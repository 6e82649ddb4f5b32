"""Trial folders: each holds the rows of one trial of a run, written whole or not at all.

Which files there are is told in `run_folder`. Reading costs a file each time: nothing is cached.
What is read must have the checksum that was taken when it was written. Folders of before there
were checksums are read as they are.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import ValidationError

from experiments.errors import RunError
from experiments.files import read_rows, writing
from fpcore import atomic
from fpcore.config import Decision, Profile, Strict, parse

TrialStatus = Literal["waiting", "done", "failed"]

CHECKSUMS = "checksums.json"
"""Holds the trial's id and the SHA-256 of each of its other files."""


class _Checksums(Strict):
    """What stands in the file of checksums."""

    trial: str
    sha256: dict[str, str]


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
        file = self.path / "profile.json"
        return parse(Profile, self._content("profile.json"), source=file)

    @property
    def decision(self) -> Decision:
        """The decision fitted on all calibration rows."""
        file = self.path / "decision.json"
        return parse(Decision, self._content("decision.json"), source=file)

    @property
    def outcomes(self) -> pd.DataFrame:
        """A row per query; see `experiments.evaluation.rows`."""
        return self._rows("outcomes.csv")

    @property
    def candidates(self) -> pd.DataFrame:
        """A row per query and song."""
        return self._rows("candidates.csv")

    @property
    def strangers(self) -> pd.DataFrame | None:
        """A row per answer to a stranger; None in folders of older versions."""
        there = (self.path / "strangers.csv").is_file() or "strangers.csv" in self._checksums
        return self._rows("strangers.csv") if there else None

    @property
    def timings(self) -> pd.DataFrame:
        """A row per timed query."""
        return self._rows("timings.csv")

    @property
    def index(self) -> dict[str, float]:
        """Size and cost of the index, NaN where not measured; see `experiments.sweeps.latency`."""
        costs: dict[str, float | None] = json.loads(self._content("index.json"))
        return {name: math.nan if value is None else value for name, value in costs.items()}

    @property
    def error(self) -> str:
        """Why the trial failed; "" when it did not."""
        file = self.path / "error.txt"
        return file.read_text(encoding="utf-8").strip() if file.is_file() else ""

    @property
    def has_checksums(self) -> bool:
        """Whether damage to the files would be noticed; not in folders of older versions."""
        return (self.path / CHECKSUMS).exists()

    def check(self) -> None:
        """Make sure that all files are as they were written, as far as there are checksums.

        Raises
        ------
        RunError
            When one is missing, was changed, or is another trial's.
        """
        for name in self._checksums:
            self._content(name)

    def _rows(self, name: str) -> pd.DataFrame:
        return read_rows(self.path / name, self._content(name))

    def _content(self, name: str) -> bytes:
        """Return the bytes of a file, which are those that were written."""
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            raise RunError(f"cannot read {self.path / name}: {error.strerror}") from None
        expected = self._checksums
        if expected and expected.get(name) != hashlib.sha256(content).hexdigest():
            raise self._damaged(name)
        return content

    @property
    def _checksums(self) -> dict[str, str]:
        """Checksums by the names of files; empty where there are none."""
        if not self.has_checksums:
            return {}
        try:
            stated = _Checksums.model_validate_json((self.path / CHECKSUMS).read_bytes())
        except (OSError, ValidationError):
            raise self._damaged(CHECKSUMS) from None
        if stated.trial != self.path.name:
            raise self._damaged(CHECKSUMS, f"is of the trial {stated.trial}")
        return stated.sha256

    def _damaged(self, name: str, what: str = "is not as it was written") -> RunError:
        return RunError(
            f"{self.path / name} {what}: remove the folder {self.path}, and the same sweep under "
            "the same name (--run) makes it again"
        )

    @contextmanager
    def filled(self) -> Iterator[Path]:
        """Yield a new folder to fill, which then becomes the trial's, unless that one is done."""
        with writing(self.path), atomic.whole_folder(self.path, durable=True) as part:
            yield part
            if not (part / "error.txt").exists():
                self._write_checksums(part)
                (part / "done").touch()
            if self.status != "done":
                shutil.rmtree(self.path, ignore_errors=True)

    def _write_checksums(self, part: Path) -> None:
        found = {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(part.iterdir())
        }
        stated = _Checksums(trial=self.path.name, sha256=found)
        text = stated.model_dump_json(indent=1) + "\n"
        (part / CHECKSUMS).write_text(text, encoding="utf-8")
