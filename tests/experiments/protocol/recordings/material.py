"""Songs of an imagined corpus, and recordings that are files of a few bytes: none is decoded."""

from __future__ import annotations

from pathlib import Path

from experiments.corpora import Corpus, Track
from experiments.protocol.recordings import KnownSongs

ROOT = Path("/music")


def track(path: str, *, duplicate_of: str | None = None, work: str | None = None) -> Track:
    return Track(
        id=path,
        group="",
        path=path,
        checksum=path,
        duration_s=60.0,
        duplicate_of=duplicate_of,
        work=work or duplicate_of or path,
    )


CORPUS = Corpus(
    "folder:/music",
    ROOT,
    (
        track("A/01.mp3"),
        track("A/Full_Circle.mp3"),
        track("B/01.mp3"),
        track("B/Cafe\u0301.flac"),
        track("B/Full_Circle_Live.wma", work="A/Full_Circle.mp3"),
        track("C/again.mp3", duplicate_of="A/01.mp3"),
    ),
)
KNOWN = KnownSongs.of_corpus(CORPUS)


def recordings(folder: Path, *names: str) -> None:
    """Write a file for each name, each with content of its own."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"recording {name}")
