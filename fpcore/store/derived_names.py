"""Derived names: what songs are called that nobody named.

Such a name comes from the tags of the song's file, or is the file's own without its ending. A name
that is not that of the song's file was given by somebody, unless a mark in the song's metadata says
otherwise. A name that was given is never replaced by a derived one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from fpcore.printable import as_text
from fpcore.store.base import JSON, NewSong, Song

NameBy = Literal["tags", "file"]
"""Where a name comes from; in the tags of some files there is none."""

MARK = "named_by"
"""Key of the mark, whose value is a `NameBy`, or "hand" for a name that was given."""

UNNAMED = "unnamed"
"""What a song is called of which not even a file's name is known."""


@dataclass(frozen=True, slots=True)
class DerivedName:
    """A name that nobody gave, and the metadata that mark it."""

    name: str
    mark: Mapping[str, JSON]


def derived_name(
    title: str | None, *, file: str | PurePath | None, source: JSON = None
) -> DerivedName:
    """Return what to call a song that nobody named.

    Parameters
    ----------
    title : str or None
        What the tags of its file call it.
    file : str, PurePath or None
        The file as whoever learns it calls it.
    source : JSON
        Where the file lies, as in the song's metadata; None where that is not known.
    """
    if title is not None:
        return DerivedName(title, {MARK: "tags"})
    name = UNNAMED if file is None or not _stem(file).strip() else _stem(file)
    return DerivedName(name, {} if name == _shown({"source": source}) else {MARK: "file"})


def is_derived(song: NewSong | Song) -> bool:
    """Whether nobody gave a song its name."""
    return _by(song) is not None


def are_alike(one: NewSong | Song, other: NewSong | Song) -> bool:
    """Whether two songs may be called the same.

    Where the tags of one are known and those of the other are not, their files' names tell.
    """
    if one.name == other.name:
        return True
    if {_by(one), _by(other)} != {"tags", "file"}:
        return False
    return file_name(one) is not None and file_name(one) == file_name(other)


def file_name(song: NewSong | Song) -> str | None:
    """Return the name of a song's file without its ending, None where it is not known."""
    if song.metadata.get(MARK) == "file":
        return song.name
    return _shown(song.metadata) if isinstance(song.metadata.get("source"), str) else None


def marked_as_given(name: str, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the metadata of a song that was given a name, which may be that of its file."""
    plain = {key: value for key, value in metadata.items() if key != MARK}
    return {**plain, MARK: "hand"} if name == _shown(plain) else plain


def after_move(song: NewSong | Song, source: str) -> dict[str, JSON]:
    """Return what to put into the metadata of a song whose file lies at ``source`` now.

    By that its name must not seem to be given, or derived, when it was not.
    """
    values: dict[str, JSON] = {"source": source}
    by = _by(song)
    if (by is not None) == (song.name == _stem(source)):
        return values
    return {**values, MARK: by or "hand"}


def _by(song: NewSong | Song) -> NameBy | None:
    """Return where a song's name comes from, None when somebody gave it."""
    match song.metadata.get(MARK):
        case "tags" | "file" as mark:
            return mark
        case None if song.name == _shown(song.metadata):
            return "file"
    return None


def _shown(metadata: Mapping[str, JSON]) -> str:
    """Return the name that needs no mark to be seen as derived."""
    source = metadata.get("source")
    return _stem(source) if isinstance(source, str) else UNNAMED


def _stem(file: str | PurePath) -> str:
    return as_text(PurePath(file).stem)
