"""Corpora by name: each name goes to the module that knows how to prepare it.

Whatever keeps a corpus from being prepared is a `CorpusError` with a remedy, a full disk too.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from experiments.corpora import debian, demo, folder, generated, table
from experiments.corpora.manifest import Corpus
from experiments.errors import CorpusError
from experiments.folders import CACHE_VARIABLE, corpora_folder

NAMES = (
    *("generated", "generated:N", "demo", "debian-games", "debian-speech"),
    *("folder:PATH", "csv:PATH"),
)
"""What `corpus` understands."""


def corpus(name: str, *, cache_dir: Path | None = None, console: Console | None = None) -> Corpus:
    """Return the corpus called ``name``, preparing it first where that has not been done.

    A prepared corpus opens quickly: sizes and times of its files are compared with what was
    recorded. Preparing can be interrupted at any time and goes on where it was.

    Parameters
    ----------
    name : str
        ``generated`` or ``generated:N`` (N songs), ``demo``, ``debian-games``,
        ``debian-speech``, ``folder:PATH`` or ``csv:PATH``.
    cache_dir : Path, optional
        Folder of all corpora; by default ``corpora`` in the project's cache folder.
    console : Console, optional
        Where progress is shown; by default standard error.

    Returns
    -------
    Corpus
        Tracks sorted by id.

    Raises
    ------
    CorpusError
        If the name is unknown, or the corpus cannot be prepared (for want of packages, tools,
        rights or room on the disk) or is damaged.
    """
    cache_dir = cache_dir or corpora_folder()
    try:
        return _prepare(name, cache_dir=cache_dir, console=console or Console(stderr=True))
    except OSError as error:
        raise CorpusError(
            f"the corpus {name} could not be prepared in {cache_dir} "
            f"({error.strerror or error}): make room or rights there, or name another folder in "
            f"{CACHE_VARIABLE}; what is done is kept"
        ) from error


def _prepare(name: str, *, cache_dir: Path, console: Console) -> Corpus:
    """Return the corpus called ``name``, from the module that knows it."""
    kind, has_argument, argument = name.partition(":")
    if kind == "folder":
        return folder.prepare(argument, cache_dir=cache_dir, console=console)
    if kind == "csv":
        return table.prepare(argument, cache_dir=cache_dir, console=console)
    if kind == "generated" and bool(has_argument) == bool(argument):
        return generated.prepare(argument, cache_dir=cache_dir, console=console)
    if name == "demo":
        return demo.prepare(cache_dir=cache_dir, console=console)
    for collection in (debian.GAMES, debian.SPEECH):
        if name == collection.name:
            return debian.prepare(collection, cache_dir=cache_dir, console=console)
    raise CorpusError(f"there is no corpus {name!r}: choose one of {', '.join(NAMES)}")
