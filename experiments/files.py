"""Rows as CSV files, pictures, and failures to write as one sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from experiments.errors import RunError
from fpcore import atomic
from fpcore.config import RENAMED_EVIDENCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RENAMED_COLUMNS = {"look": "pass", **RENAMED_EVIDENCE}
"""Columns that rows on the disk may still have by another name."""

_COMPRESSIONS: dict[str, Literal["gzip", "bz2", "xz", "zstd"]] = {
    ".gz": "gzip",
    ".bz2": "bz2",
    ".xz": "xz",
    ".zst": "zstd",
}


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write rows as CSV, as a whole, compressed where the name says so.

    The same rows give the same bytes, and floats read back the same.
    """
    with atomic.opened(path) as stream:
        rows.to_csv(
            stream,
            index=False,
            lineterminator="\n",
            compression=_COMPRESSIONS.get(path.suffix.lower()),
        )


def write_picture(figure: Figure, path: Path) -> None:
    """Write a figure, as a whole, in the format that the name ends with; PNG without an ending."""
    with atomic.opened(path) as stream:
        figure.savefig(stream, format=path.suffix.removeprefix(".").lower() or "png")


def read_rows(path: Path, content: bytes | None = None) -> pd.DataFrame:
    """Return the rows of a CSV file; an empty text stays text.

    Parameters
    ----------
    path : Path
        The file, which errors name.
    content : bytes, optional
        What is in it, where that was read before.

    Raises
    ------
    RunError
        When it cannot be read.
    """
    asked = ("query", "track", "work", "condition", "answer", "song", "role")
    texts = (*asked, "system", "phase", "item", "reason", "kind")

    def opened() -> Path | BytesIO:
        return path if content is None else BytesIO(content)

    try:
        columns = pd.read_csv(opened(), nrows=0).columns
        text_columns = {name: str for name in texts if name in columns}
        rows = pd.read_csv(
            opened(),
            dtype=text_columns,
            keep_default_na=False,
            na_values={name: [""] for name in columns if name not in text_columns},
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"cannot read {path}: {reason}") from None
    return rows.rename(columns=RENAMED_COLUMNS)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an `OSError` while writing under ``path`` into a `RunError` of one sentence."""
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
