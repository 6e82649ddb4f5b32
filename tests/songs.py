"""Songs that all test processes of one run share: a second of the processor's time each."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from experiments.corpora import corpus
from tests.once import made_once

CORPORA = ("generated:8", "generated:12")


def prepared(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of `CORPORA`, which nobody may change: whoever wants to takes a copy."""

    def make(folder: Path) -> None:
        for name in CORPORA:
            corpus(name, cache_dir=folder, console=Console(quiet=True))

    return made_once(factory, "songs", make)


def files(factory: pytest.TempPathFactory, n: int) -> list[Path]:
    """Return the FLAC files of the first ``n`` songs, which nobody may change."""
    return sorted(prepared(factory).rglob("song-*.flac"))[:n]
