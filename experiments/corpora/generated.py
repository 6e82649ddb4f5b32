"""The corpus ``generated``: songs made on the spot, the same ones everywhere.

Song ``i`` depends on ``i`` alone, so a longer corpus begins with the songs of a shorter one.
They are composed and played by `composition` and `rendering`, about 32 to 59 s long, and
written as 16-bit FLAC at 44.1 kHz; every fourth is mono.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console

from experiments.corpora.manifest import Corpus, mark_duplicates, read_manifest, write_manifest
from experiments.corpora.survey import check_unchanged, progress_bar, survey
from experiments.corpora.synthesis.composition import compose
from experiments.corpora.synthesis.instruments import RATE_HZ
from experiments.corpora.synthesis.rendering import render
from experiments.errors import CorpusError
from fpcore import atomic

VERSION = 1
"""Raised whenever the songs sound other than before; it is part of the folder's name."""

N_SONGS = 20
"""Songs of the corpus ``generated`` without a number."""

MAX_SONGS = 10_000

MONO_EVERY = 4
"""One song in this many is mono, the others are stereo."""


def song(index: int) -> NDArray[np.int16]:
    """Return song ``index`` as 16-bit samples, int16 (n, n_channels), at 44.1 kHz."""
    rng = np.random.default_rng((VERSION, index))
    is_mono = (index + 1) % MONO_EVERY == 0
    samples = render(compose(rng), n_channels=1 if is_mono else 2, rng=rng)
    return np.asarray(np.rint(samples * 32767), dtype=np.int16)


def prepare(count: str, *, cache_dir: Path, console: Console) -> Corpus:
    """Return the corpus of the first ``count`` songs, making those that are missing.

    Parameters
    ----------
    count : str
        Number of songs, as text; empty for the default.
    cache_dir : Path
        Folder of all corpora.
    console : Console
        Where progress is shown.

    Returns
    -------
    Corpus
        Named ``generated:N``, also where the default was asked for.

    Raises
    ------
    CorpusError
        If ``count`` is not a number from 1 to 10,000, or a song's file was changed.
    """
    if count and not (count.isdecimal() and 1 <= int(count) <= MAX_SONGS):
        raise CorpusError(f"generated:N needs a number from 1 to {MAX_SONGS}, got {count!r}")
    n_songs = int(count or N_SONGS)
    root = cache_dir / f"generated-{VERSION}"
    ledger = root / "survey.jsonl"
    corpus = read_manifest(root / f"manifest-{n_songs}.json", root=root)
    if corpus is not None:
        remedy = f"remove {root}, and the songs are made again"
        check_unchanged(root, corpus.tracks, ledger=ledger, console=console, remedy=remedy)
        return corpus
    names = [f"song-{index:04d}.flac" for index in range(n_songs)]
    root.mkdir(parents=True, exist_ok=True)
    _make_missing(root, names, console=console)
    surveyed, skipped = survey(root, names, ledger=ledger, console=console, label="checking songs")
    if skipped:
        raise CorpusError(
            f"{root / skipped[0].name} cannot be used ({skipped[0].reason}): "
            "remove it, and it is made again"
        )
    tracks = [row.as_track(row.path, group="generated") for row in surveyed]
    corpus = Corpus(f"generated:{n_songs}", root, mark_duplicates(tracks))
    write_manifest(corpus, root / f"manifest-{n_songs}.json")
    return corpus


def _make_missing(root: Path, names: list[str], *, console: Console) -> None:
    """Write the songs that are not there yet; a song appears whole or not at all."""
    missing = [index for index, name in enumerate(names) if not (root / name).is_file()]
    if not missing:
        return
    with progress_bar(console) as bar:
        for index in bar.track(missing, description="making songs"):
            flac = io.BytesIO()
            soundfile.write(flac, song(index), RATE_HZ, format="FLAC", subtype="PCM_16")
            atomic.write_bytes(root / names[index], flac.getvalue())
