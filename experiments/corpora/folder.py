"""The corpora ``folder:PATH``, a user's own recordings, and ``demo``, an installed package's.

The files stay where they are and belong to someone else, so they may change: the manifest
follows them. What was measured is remembered, and only new and changed files are read again.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rich.console import Console

from experiments.corpora.manifest import (
    Corpus,
    Skipped,
    Source,
    file_at,
    mark_duplicates,
    write_manifest,
)
from experiments.corpora.survey import survey
from experiments.errors import CorpusError
from fpcore import audio
from fpcore.audio.discovery import summary
from fpcore.errors import AudioError
from fpcore.printable import as_text


def prepare(path: str, *, cache_dir: Path, console: Console) -> Corpus:
    """Return the corpus of all audio files under a folder.

    Parameters
    ----------
    path : str
        The folder; a leading ``~`` is the user's home.
    cache_dir : Path
        Folder of all corpora; the manifest is written there, not beside the music.
    console : Console
        Where progress is shown.

    Returns
    -------
    Corpus
        Track ids are paths relative to the folder, and a track's group is its parent folder.

    Raises
    ------
    CorpusError
        If ``path`` is not a folder, or holds no audio file that can be used.
    """
    root = file_at(Path(), path).expanduser().resolve()
    if not path or not root.is_dir():
        raise CorpusError(f"folder:{path} names no folder: give the path of one with audio files")
    place = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    name, state = as_text(f"folder:{path}"), cache_dir / "folders" / place
    return follow(name, root, state=state, console=console)


def follow(
    name: str,
    root: Path,
    *,
    state: Path,
    console: Console,
    sources: tuple[Source, ...] = (),
) -> Corpus:
    """Return the corpus of the audio files that are under ``root`` now.

    Parameters
    ----------
    name : str
        Name of the corpus.
    root : Path
        Folder to look through.
    state : Path
        Folder for the manifest and the ledger; it is made when missing.
    console : Console
        Where progress is shown.
    sources : tuple of Source, optional
        The package that the folder belongs to, if any.

    Returns
    -------
    Corpus
        Files that cannot be used stand in its ``skipped``, each with the reason.

    Raises
    ------
    CorpusError
        If no audio file can be used; with the first reason.
    """
    state.mkdir(parents=True, exist_ok=True)
    skipped: list[Skipped] = []
    passed: list[audio.PassedOver] = []

    def note(error: AudioError) -> None:
        # "<folder>: <reason>"; the manifest has it without the part that differs by machine.
        name, _, reason = str(error).rpartition(": ")
        skipped.append(Skipped(name=name.removeprefix(f"{root}{os.sep}"), reason=reason))

    files = audio.find_audio_files([root], on_error=note, on_passed=passed.append)
    paths = dict.fromkeys(as_text(file.relative_to(root).as_posix()) for file in files)
    if not sources:  # what else a package holds is no news
        for line in summary(passed):
            console.print(f"{name}: {line}", markup=False, highlight=False, soft_wrap=True)
    surveyed, unusable = survey(
        root, paths, ledger=state / "survey.jsonl", console=console, label=f"decoding {name}"
    )
    skipped += unusable
    if not surveyed:
        first = (
            f"; the first of {len(skipped)}: {skipped[0].name} {skipped[0].reason}"
            if skipped
            else ""
        )
        raise CorpusError(f"{root} holds no audio file that can be used{first}")
    tracks = (row.as_track(row.path, group=Path(row.path).parent.as_posix()) for row in surveyed)
    corpus = Corpus(name, root, mark_duplicates(tracks), sources, tuple(skipped))
    write_manifest(corpus, state / "manifest.json")
    return corpus
