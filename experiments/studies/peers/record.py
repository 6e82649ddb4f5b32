"""Record of a comparison: one folder, filled row by row while it goes on.

::

    runs/<run>/peers.json        what was compared, on what, with which versions and machine
               songs.csv         a row per system and learned song: seconds of it
               indexes.csv       a row per system: size of its index
               outcomes.csv      a row per system and query: what it answered, seconds of it
               deaths.csv        a row per system and file that it died on, and why
               accuracy.csv      made from these rows at the end, see `tables`
               costs.csv         likewise
               accuracy-size-*.png, conditions-*.png
               scratch/          indexes while they are needed; removed at the end

Every row is written as soon as it is known, and the same comparison under the same name goes
on after the last one. ``_s`` is seconds on the clock, ``_cpu_s`` of processor time. Each row has a
checksum, see `chained`, and so has the manifest, which at the end also states those of the last
rows. What does not match is refused; what was written before there were checksums is read as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.errors import RunError
from experiments.files import read_rows, writing
from experiments.studies.peers import chained
from fpcore.atomic import write_text

FORMAT = 1
MANIFEST = "peers.json"

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "songs": ("system", "song", "audio_s", "decode_s", "decode_cpu_s", "learn_s", "learn_cpu_s"),
    "indexes": ("system", "n_songs", "audio_s", "n_postings", "n_bytes", "save_s", "save_cpu_s"),
    "outcomes": (
        "system", "query", "track", "work", "condition", "clip_s", "start_s", "indexed", "role",
        "answer", "right", "score", "accepted", "offset_s", "ask_s", "ask_cpu_s", "memory_bytes",
    ),
    "deaths": ("system", "phase", "item", "reason"),
}  # fmt: skip


class ComparisonFolder:
    """The rows of a comparison, on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: dict[str, str | None] = {}

    def begin(self, settings: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        """Write the manifest, unless the folder has one of the same ``settings``.

        ``about`` holds facts that may differ when a comparison is continued, such as when it
        was started.

        Raises
        ------
        RunError
            When the folder holds a comparison of something else.
        """
        file = self.folder / MANIFEST
        if file.is_file():
            if self.manifest().get("settings") != json.loads(json.dumps(settings)):
                raise RunError(
                    f"the run {self.folder.name!r} compares something else, or was made with "
                    "other versions: take another name (--run)"
                )
            self._mend()
            return
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write({"format": FORMAT, **about, "settings": settings})

    def manifest(self) -> dict[str, Any]:
        """Return what `begin` and `finish` wrote.

        Raises
        ------
        RunError
            When it cannot be read.
        """
        file = self.folder / MANIFEST
        try:
            content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            stated = content.pop("checksum", None)  # manifests of before have none
        except (OSError, ValueError, AttributeError) as error:
            raise RunError(f"cannot read {file}: {error}") from None
        if stated is not None and stated != _checksum(content):
            raise RunError(
                f"{file} is not as it was written: put back a good copy of it, or remove the "
                f"folder {self.folder} and give the same command again"
            )
        return content

    def finish(self, notes: Mapping[str, Any]) -> None:
        """Add to the manifest what is known at the end."""
        last = {table: self._read(table).last for table in COLUMNS if self._file(table).is_file()}
        self._write({**self.manifest(), **notes, "last_rows": last})

    def _write(self, content: Mapping[str, Any]) -> None:
        content = json.loads(json.dumps(content))
        text = json.dumps({**content, "checksum": _checksum(content)}, indent=1) + "\n"
        with writing(self.folder):
            write_text(self.folder / MANIFEST, text, durable=True)

    def _mend(self) -> None:
        """Take away half of the rows that were being written when a process was killed."""
        for table in COLUMNS:
            if self._file(table).is_file():
                with writing(self.folder):
                    chained.without_torn_row(self._file(table), self._origin(table))

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Append a row, which must have exactly the columns of its table; None for not known."""
        columns = COLUMNS[table]
        if set(row) != set(columns):
            raise ValueError(f"{table} has the columns {columns}, got {tuple(row)}")
        file = self._file(table)
        if table not in self._last:
            begun = file.is_file() and file.stat().st_size
            self._last[table] = self._read(table).last if begun else self._origin(table)
        texts = ["" if row[column] is None else str(row[column]) for column in columns]
        with writing(self.folder):
            self._last[table] = chained.append(file, columns, texts, self._last[table])

    def rows(self, table: str) -> pd.DataFrame:
        """Return a table; it has no rows when nothing was written yet.

        Raises
        ------
        RunError
            When its rows are not those that were written.
        """
        file = self._file(table)
        stated = self._stated().get("last_rows", {}).get(table)
        empty = pd.DataFrame(columns=list(COLUMNS[table]))
        if not file.is_file() and stated is None:
            return empty
        found = self._read(table)
        if stated is not None and stated != found.last:
            raise chained.changed(file, "rows are missing at its end")
        if not found.columns:
            return empty
        text = "".join(map(chained.line, (found.columns, *found.rows)))
        return read_rows(file, text.encode())

    def _file(self, table: str) -> Path:
        return self.folder / f"{table}.csv"

    def _read(self, table: str) -> chained.Chained:
        return chained.read(self._file(table), self._origin(table))

    def _origin(self, table: str) -> str:
        """Return what the rows of a table are chained to: rows of another comparison are not."""
        return chained.origin(table, self._stated().get("settings"))

    def _stated(self) -> dict[str, Any]:
        """Return the manifest; nothing before there is one."""
        return self.manifest() if (self.folder / MANIFEST).is_file() else {}

    def songs(self) -> pd.DataFrame:
        """Return a row per song that is in an index.

        A song that was lost in a crash and learned again has two rows in the table, of which the
        last one counts. A song that the system died of is not in the index.
        """
        rows = self.rows("songs").drop_duplicates(["system", "song"], keep="last")
        deaths = self.rows("deaths")
        deaths = deaths[deaths["phase"] == "learning"]
        fatal = pd.MultiIndex.from_frame(deaths[["system", "item"]])
        return rows[~pd.MultiIndex.from_frame(rows[["system", "song"]]).isin(fatal)]


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
