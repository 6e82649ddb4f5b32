"""What the tags of a file call its music: artist and title, as a player shows them.

Tags are read by FFmpeg, whatever their format: ID3, Vorbis comments, MP4 atoms, RIFF lists. They
tell what to call a song and never what is equal: nothing is cached or divided by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fpcore.audio.demuxers import WHITELIST
from fpcore.audio.sources import opened
from fpcore.errors import AudioError
from fpcore.printable import as_text, is_visible

MOST_CHARACTERS = 200
"""Of artist and title together. A tag that is longer is no title."""

_OPTIONS = {"format_whitelist": WHITELIST, "protocol_whitelist": "none"}

_UNTOLD_CHARSET = "cp1252"
"""Of tags that are no UTF-8 and do not say what they are, as in RIFF lists."""


def title_of(source: str | Path | BinaryIO) -> str | None:
    """Return "Artist – Title" of a file, its title alone where no artist stands in its tags.

    None where no title does, or the file cannot be read. An open file stays where it stands.
    """
    import av  # a tenth of a second

    tags: dict[str, str] = {}
    # A file that cannot be opened has no title; what is wrong with it is told where it is decoded.
    with (
        suppress(av.error.FFmpegError, AudioError, OSError, ValueError, LookupError, RuntimeError),
        suppress(MemoryError),  # a picture among the tags may be of any size
        opened(source) as file,
        _from_start(file),
        av.open(file, "r", options=_OPTIONS, metadata_errors="surrogateescape") as container,
    ):
        if container.format.name == "ogg":  # elsewhere a stream's title is that of a sound track
            for stream in container.streams.audio:
                tags |= _lowered(stream.metadata)
        tags |= _lowered(container.metadata)
    return titled(_readable(tags.get("title", "")), _readable(tags.get("artist", "")))


def titled(title: str, artist: str) -> str | None:
    """Return a title with its artist, as one line that can be printed; None without a title.

    Parameters
    ----------
    title, artist : str
        What is known; "" where nothing is.

    Examples
    --------
    >>> titled("Prelude", "Ada"), titled(" Waltz ", ""), titled("", "Ada")
    ('Ada – Prelude', 'Waltz', None)
    """
    name, by = (_line(text) for text in (title, artist))
    if not name or len(name) + len(by) > MOST_CHARACTERS:
        return None
    return f"{by} – {name}" if by else name


def _line(text: str) -> str:
    """Return a text without what a line cannot show."""
    shown = (char if is_visible(char) else " " if char.isspace() else "" for char in as_text(text))
    return " ".join("".join(shown).split())


def _readable(tag: str) -> str:
    """Return the text of a tag; "" for one whose characters cannot be told."""
    if not tag.isascii():
        tag = _recoded(tag)
    return "" if "\N{REPLACEMENT CHARACTER}" in tag else tag


def _recoded(tag: str) -> str:
    """Return a tag with the characters that its bytes stand for where these are no UTF-8."""
    try:
        tag.encode()
    except UnicodeEncodeError:
        # The decoder leaves such bytes as halves of characters.
        return tag.encode("utf-8", "surrogateescape").decode(_UNTOLD_CHARSET, "replace")
    return tag


@contextmanager
def _from_start(file: BinaryIO) -> Iterator[None]:
    """Read a file from its start, and put it back where it stood."""
    place = file.tell()
    file.seek(0)
    try:
        yield
    finally:
        file.seek(place)


def _lowered(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in tags.items()}
