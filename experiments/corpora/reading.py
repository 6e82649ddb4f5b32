"""Reading of a corpus's files, checked: what was read must be what the survey found.

Between the survey and the reading hours may pass, in which a program that synchronises folders
replaces files. Their checksums then tell that, and nothing is made of the wrong bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.corpora.manifest import Corpus, Track
from experiments.errors import CorpusError
from fpcore import audio
from fpcore.errors import AudioError


@contextmanager
def as_surveyed(corpus: Corpus, track: Track) -> Iterator[Path]:
    """Give the file of a track to read, and check at the end that it had the track's content.

    Raises
    ------
    CorpusError
        When the file has other content than the survey found, which may be why it cannot be
        decoded, or was changed while it was read.
    """
    with unchanged(corpus.path_of(track), track.checksum) as path:
        yield path


@contextmanager
def unchanged(path: Path, checksum: str) -> Iterator[Path]:
    """Give a file to read, and check at the end that it had the content with a checksum.

    Raises
    ------
    CorpusError
        When it has other content, which may be why it cannot be decoded, or was changed while it
        was read.
    """
    before = stamp(path)
    try:
        yield path
    except AudioError:
        _check(path, checksum, before)
        raise
    _check(path, checksum, before)


def _check(path: Path, expected: str, before: tuple[int, ...] | None) -> None:
    if before is not None and audio.checksum(path) != expected:
        raise changed(path)
    if stamp(path) != before:
        raise CorpusError(
            f"{path} was changed while it was read: give the same command again when no program "
            "writes to this music"
        )


def changed(path: Path) -> CorpusError:
    """Return the error for a file whose content is not what the survey found."""
    return CorpusError(
        f"{path} has other content than when the corpus was surveyed: put the file back and give "
        "the same command again, or `touch` it and start a new run"
    )


def stamp(path: Path) -> tuple[int, ...] | None:
    """Return what differs once a file was replaced or written to; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None  # reading it fails next, with a better sentence
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
