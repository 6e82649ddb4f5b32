"""Survey of audio files: size, checksum and decoded duration, measured once, then remembered.

A ledger keeps one line of JSON a file and is only ever appended to, so a survey that was killed
goes on where it was. A file whose size and time of change are those of its line is not read
again; files that could not be used are tried again every time. Sizes are in bytes, durations in
seconds of the decoded audio.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from experiments.corpora.manifest import Skipped, Track, file_at
from experiments.corpora.reading import stamp
from experiments.errors import CorpusError
from fpcore import audio
from fpcore.audio.sources import name_of
from fpcore.config import Strict
from fpcore.errors import AudioError

SURVEY_RATE_HZ = 22050
"""Files are decoded as the pipeline does by default."""

SILENT_PEAK = 1e-3
"""A file that never exceeds this share of full scale (-60 dB) gives no usable excerpt."""


class Surveyed(Strict):
    """One file that decodes and is not silent, by its ``path`` relative to the root."""

    path: str
    n_bytes: int
    mtime_ns: int
    checksum: str
    duration_s: float

    def as_track(self, track_id: str, *, group: str) -> Track:
        """Return the file as a track that is a work of its own."""
        return Track(
            id=track_id,
            group=group,
            path=self.path,
            checksum=self.checksum,
            duration_s=self.duration_s,
            work=track_id,
        )


def progress_bar(console: Console) -> Progress:
    """Return the bar that all preparations show: task, progress, count and remaining time."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def survey(
    root: Path, paths: Iterable[str], *, ledger: Path, console: Console, label: str
) -> tuple[list[Surveyed], list[Skipped]]:
    """Return what is known of the files, and those that cannot be used, both in the order given.

    Parameters
    ----------
    root : Path
        Folder that ``paths`` are relative to.
    paths : iterable of str
        Files, with forward slashes.
    ledger : Path
        File that remembers; it is made when missing.
    console : Console
        Where progress is shown when files have to be read.
    label : str
        Name of the progress bar.

    Returns
    -------
    surveyed : list of Surveyed
    skipped : list of Skipped
        With the reason for each: missing, no right to read, not decodable, silent.
    """
    wanted = list(paths)
    known = {path: row for path, row in _read(ledger).items() if _is_current(root, row)}
    fresh = [path for path in wanted if path not in known]
    skipped: dict[str, Skipped] = {}
    if fresh:
        with ledger.open("a", encoding="utf-8") as stream, progress_bar(console) as bar:
            for outcome in bar.track(_measured(root, fresh), len(fresh), description=label):
                if isinstance(outcome, Skipped):
                    skipped[outcome.name] = outcome
                    continue
                known[outcome.path] = outcome
                # The line break goes first: it ends the torn line that a kill may have left.
                stream.write("\n" + outcome.model_dump_json())
                stream.flush()
    return [known[p] for p in wanted if p in known], [skipped[p] for p in wanted if p in skipped]


def check_unchanged(
    root: Path, tracks: Iterable[Track], *, ledger: Path, console: Console, remedy: str
) -> None:
    """Make sure that the files are those of the manifest.

    Size and time of change are compared; where they differ, the checksum decides.

    Parameters
    ----------
    root : Path
        Folder that the tracks' paths are relative to.
    tracks : iterable of Track
        What the manifest lists.
    ledger : Path
        File that remembers what was measured; see `survey`.
    console : Console
        Where progress is shown when files have to be read.
    remedy : str
        How the user gets the files back; it ends the message of the error.

    Raises
    ------
    CorpusError
        If a file is missing, cannot be read, or has other content; with ``remedy``.
    """
    expected = {track.path: track.checksum for track in tracks}
    found, skipped = survey(
        root, expected, ledger=ledger, console=console, label="checking changed files"
    )
    changed = [row.path for row in found if row.checksum != expected[row.path]]
    damaged = sorted(changed + [file.name for file in skipped])
    if damaged:
        others = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        raise CorpusError(
            f"{root / damaged[0]}{others} is missing or differs from the manifest: {remedy}"
        )


def _read(ledger: Path) -> dict[str, Surveyed]:
    """Return the last line of each file; lines torn by a kill are passed over."""
    if not ledger.is_file():
        return {}
    rows = {}
    for line in ledger.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = Surveyed.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            continue
        rows[row.path] = row
    return rows


def _is_current(root: Path, row: Surveyed) -> bool:
    """Return whether the file still has the size and time of change of its line."""
    try:
        status = file_at(root, row.path).stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (row.n_bytes, row.mtime_ns)


def _measured(root: Path, paths: list[str]) -> Iterator[Surveyed | Skipped]:
    """Yield what is found about each file, in order, decoding on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda path: _measure(root, path), paths)


def _measure(root: Path, path: str) -> Surveyed | Skipped:
    """Decode one file as a whole; the header alone may lie about its length."""
    file = file_at(root, path)
    try:
        status, before = file.stat(), stamp(file)
        checksum = audio.checksum(file)
        n_samples, peak = 0, 0.0
        for block in audio.decode_blocks(file, sample_rate_hz=SURVEY_RATE_HZ):
            n_samples += len(block)
            peak = max(peak, float(np.max(np.abs(block), initial=0.0)))
    except FileNotFoundError:
        return Skipped(name=path, reason="does not exist")
    except (OSError, AudioError) as error:
        # The name stands before the reason; the manifest has it without this machine's folder.
        return Skipped(name=path, reason=str(error).removeprefix(f"{name_of(file)}: "))
    if stamp(file) != before:
        return Skipped(name=path, reason="was changed while it was read")
    if peak < SILENT_PEAK:
        return Skipped(name=path, reason="is silent throughout")
    return Surveyed(
        path=path,
        n_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        checksum=checksum,
        duration_s=round(n_samples / SURVEY_RATE_HZ, 3),
    )
