"""Corpora and their manifests: which recordings there are, and how to know they are the same.

The manifest is JSON with sorted keys, so the same audio gives the same bytes. It names no
folder of the machine: paths are relative to the root of the corpus, with forward slashes.
Durations are of the decoded audio, in seconds. The checksum of a corpus covers its tracks and
nothing else, so it stays the same when the corpus moves to another folder or machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from experiments.errors import CorpusError
from fpcore.atomic import write_text
from fpcore.config import Strict
from fpcore.printable import as_name

FORMAT = 1
"""Raised when older manifests can no longer be read; they are then made anew."""


class Track(Strict):
    """One recording.

    ``checksum`` is of the file. ``duplicate_of`` is the id of the first track with the same
    checksum, None for that first one. ``work`` is equal for all variants of one piece (a remix,
    a shorter version, a stem): a match with any of them is a right answer, and all of them fall
    on the same side of a split. ``half`` is the side that somebody has fixed, if anybody has.
    """

    id: str
    group: str
    path: str
    checksum: str
    duration_s: float
    duplicate_of: str | None = None
    work: str
    half: Literal["calibration", "test"] | None = Field(
        default=None, exclude_if=lambda one: one is None
    )


class Source(Strict):
    """Where part of a corpus comes from: the name and version of a package."""

    name: str
    version: str


class Skipped(Strict):
    """A file or package that is not in the corpus although it was looked for, and why."""

    name: str
    reason: str


class _Manifest(Strict):
    """The JSON form of a corpus."""

    format: int
    name: str
    checksum: str
    tracks: tuple[Track, ...]
    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Corpus:
    """Recordings under one root folder, sorted by id.

    Parameters
    ----------
    name : str
        What `experiments.corpora.corpus` was asked for.
    root : Path
        Folder that the tracks' paths are relative to.
    tracks : tuple of Track
        Sorted by id, without repeats.
    sources : tuple of Source
        Packages that the tracks come from, where there are any.
    skipped : tuple of Skipped
        What was looked for and left out, with reasons.
    titles : mapping of str to str, optional
        What to call tracks, by their ids, where a list says so. Nothing depends on it.
    """

    name: str
    root: Path
    tracks: tuple[Track, ...]
    sources: tuple[Source, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def seeded_as(self) -> str:
        """Name that seeds random choices; it does not depend on where somebody's music lies."""
        return "folder" if self.name.startswith(("folder:", "csv:")) else self.name

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the canonical JSON of the tracks, in hexadecimal."""
        rows = [track.model_dump() for track in self.tracks]
        return hashlib.sha256(_canonical(rows).encode("ascii")).hexdigest()

    @cached_property
    def by_id(self) -> Mapping[str, Track]:
        """The tracks by their ids."""
        return {track.id: track for track in self.tracks}

    @property
    def duration_s(self) -> float:
        """Summed duration of all tracks in seconds."""
        return sum(track.duration_s for track in self.tracks)

    def path_of(self, track: Track) -> Path:
        """Return the file of ``track``."""
        return file_at(self.root, track.path)

    def to_json(self) -> str:
        """Return the manifest: the same corpus always gives the same text."""
        manifest = _Manifest(
            format=FORMAT,
            name=self.name,
            checksum=self.checksum,
            tracks=self.tracks,
            sources=self.sources,
            skipped=self.skipped,
        )
        return json.dumps(manifest.model_dump(), sort_keys=True, indent=1) + "\n"


def file_at(root: Path, path: str) -> Path:
    """Return the file that a manifest calls ``path``, whatever bytes are in its name.

    A manifest is text. Where a name is none, it has escapes for some bytes; see
    `fpcore.printable.as_text`.
    """
    file, named = root / path, root / as_name(path)
    return file if named == file or file.exists() else named


def _canonical(value: Any) -> str:
    """Return ``value`` as ASCII JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def mark_duplicates(tracks: Iterable[Track]) -> tuple[Track, ...]:
    """Return the tracks sorted by id, those with an earlier one's checksum marked.

    A duplicate takes over the work of the track that it repeats.
    """
    first: dict[str, Track] = {}
    marked = []
    for track in sorted(tracks, key=lambda track: track.id):
        original = first.setdefault(track.checksum, track)
        if original is track:
            marked.append(track)
        else:
            repeats = {"duplicate_of": original.id, "work": original.work}
            marked.append(track.model_copy(update=repeats))
    return tuple(marked)


def with_works(corpus: Corpus, groups: Iterable[Iterable[str]]) -> Corpus:
    """Return ``corpus`` with each group of track ids declared variants of one work.

    The first id of a group names the work. Ids that the corpus does not hold are passed over,
    since a package may be missing; duplicates follow the track that they repeat.

    Raises
    ------
    CorpusError
        If an id stands in two groups.
    """
    original = {track.id: track.duplicate_of or track.id for track in corpus.tracks}
    work_of: dict[str, str] = {}
    for group in groups:
        name, *others = group
        for track_id in dict.fromkeys(original.get(i, i) for i in (name, *others)):
            if track_id in work_of:
                raise CorpusError(
                    f"track {track_id!r} stands in two groups of variants: join the groups"
                )
            work_of[track_id] = name
    tracks = tuple(
        track.model_copy(update={"work": work_of.get(original[track.id], original[track.id])})
        for track in corpus.tracks
    )
    return replace(corpus, tracks=tracks)


def write_manifest(corpus: Corpus, path: Path) -> None:
    """Write the manifest of a corpus, unless it is there: a prepared one may be read-only."""
    text = corpus.to_json()
    if not (path.is_file() and path.read_bytes() == text.encode()):
        write_text(path, text, durable=True)


def read_manifest(path: Path, *, root: Path) -> Corpus | None:
    """Return the corpus that the manifest at ``path`` describes; none when it must be made anew.

    Parameters
    ----------
    path : Path
        The manifest, which need not exist.
    root : Path
        Folder that the tracks' paths are relative to.

    Returns
    -------
    Corpus or None
        None when there is no manifest, or one of an older format.

    Raises
    ------
    CorpusError
        If the manifest is not one, or was changed by hand.
    """
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            return None
        manifest = _Manifest.model_validate(content)
    except (ValueError, AttributeError, ValidationError) as error:
        raise CorpusError(
            f"{path} is not a corpus manifest ({str(error).splitlines()[0]}): remove it, "
            "and it is made anew"
        ) from error
    corpus = Corpus(manifest.name, root, manifest.tracks, manifest.sources, manifest.skipped)
    if corpus.checksum != manifest.checksum:
        raise CorpusError(
            f"{path} does not have the checksum that it states: remove it, and it is made anew"
        )
    return corpus
