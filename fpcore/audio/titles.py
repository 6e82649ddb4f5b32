"""What the tags of a file call its music: artist and title, as a player shows them.

Tags are read by FFmpeg, whatever their format: ID3, Vorbis comments, MP4 atoms, RIFF lists. They
tell what to show and never what is equal: nothing is found, cached or divided by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fpcore.audio.demuxers import WHITELIST
from fpcore.printable import as_text

MOST_CHARACTERS = 200
"""A tag that is longer is no title."""

_OPTIONS = {"format_whitelist": WHITELIST, "protocol_whitelist": "none"}


def title_of(path: Path) -> str | None:
    """Return "Artist – Title" of a file, its title alone where no artist stands in its tags.

    None where no title does, or the file cannot be read.
    """
    import av  # a tenth of a second

    tags: dict[str, str] = {}
    # A file that cannot be opened has no title; what is wrong with it is told where it is decoded.
    with (
        suppress(av.error.FFmpegError, OSError, ValueError, LookupError, RuntimeError),
        path.open("rb") as file,
        av.open(file, "r", options=_OPTIONS, metadata_errors="replace") as container,
    ):
        for stream in container.streams.audio:
            tags |= _lowered(stream.metadata)  # Ogg has them in its stream
        tags |= _lowered(container.metadata)
    return titled(tags.get("title", ""), tags.get("artist", ""))


def titled(title: str, artist: str) -> str | None:
    """Return a title with its artist, as one line; None without a title.

    Parameters
    ----------
    title, artist : str
        What is known; "" where nothing is.

    Examples
    --------
    >>> titled("Prelude", "Ada"), titled(" Waltz ", ""), titled("", "Ada")
    ('Ada – Prelude', 'Waltz', None)
    """
    name, by = (" ".join(as_text(text).split()) for text in (title, artist))
    if not name or len(name) + len(by) > MOST_CHARACTERS:
        return None
    return f"{by} – {name}" if by else name


def _lowered(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in tags.items()}
