"""Kinds of files as their first bytes tell them, by a look that costs nothing and opens nothing."""

from __future__ import annotations

import io
import re
from enum import Enum, auto

from fpcore.audio.containers import identify

HEAD_BYTES = 4096
"""How much of a file is looked at."""


class Kind(Enum):
    """What first bytes tell: audio, a container that may hold audio, something else, or nothing."""

    AUDIO = auto()
    CONTAINER = auto()
    OTHER = auto()
    UNKNOWN = auto()


_SURE = frozenset(
    {"WAV", "AIFF", "FLAC", "W64", "AU", "CAF", "DSF", "WavPack", "TTA", "Monkey’s Audio", "AMR"}
)
_CONTAINERS = frozenset({"Ogg", "WebM", "M4A", "WMA", "AVI", "FLV"})

_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""What a QuickTime file may begin with in place of ``ftyp``, after four bytes."""

_PICTURE_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
)
"""Brands, after ``ftyp``, of pictures that lie in a container of films."""

_OTHERS = (
    (0, b"\xff\xd8\xff"),  # JPEG
    (0, b"\x89PNG"),
    (0, b"GIF8"),
    (0, b"II*\0"),  # TIFF
    (0, b"MM\0*"),
    (0, b"8BPS"),  # Photoshop
    (0, b"icns"),
    (0, b"\0\0\1\0"),  # icons
    (8, b"WEBP"),
    (0, b"\0\0\1\xb3"),  # MPEG pictures without sound
    (0, b"MThd"),  # MIDI: notes, not sound
    (0, b"%PDF"),
    (0, b"PK\3\4"),  # ZIP, and what office programs write
    (0, b"\xd0\xcf\x11\xe0"),
    (0, b"\x1f\x8b"),  # gzip
    (0, b"BZh"),
    (0, b"\xfd7zXZ"),
    (0, b"\x28\xb5\x2f\xfd"),  # Zstandard
    (0, b"7z\xbc\xaf\x27\x1c"),
    (0, b"Rar!"),
    (257, b"ustar"),  # tar
    (0, b"\0\5\x16\7"),  # AppleDouble: what macOS keeps beside a file
    (0, b"SQLite format 3"),
    (0, b"\x7fELF"),
    (0, b"MZ"),
    (0, b"\xca\xfe\xba\xbe"),
    (0, b"OTTO"),  # fonts
    (0, b"\0\1\0\0\0"),
    (0, b"wOF"),
)
"""Where and how files begin that no decoder shall try."""

_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""Bytes that stand in no text: only tabs, ends of lines and pages, and escapes do."""


def kind_of(head: bytes) -> Kind:
    r"""Return what the first `HEAD_BYTES` of a file tell; of an empty one, that it is no audio.

    >>> [kind_of(head).name for head in (b"fLaC\0", b"OggS\0", b"#EXTM3U", b"\0")]
    ['AUDIO', 'CONTAINER', 'OTHER', 'UNKNOWN']
    """
    if not head or _is_text(head):
        return Kind.OTHER
    name = identify(io.BytesIO(head)).name
    if name in _SURE or head.startswith(b"ID3"):
        return Kind.AUDIO
    if name in _CONTAINERS:
        return Kind.OTHER if head[8:12] in _PICTURE_BRANDS else Kind.CONTAINER
    if head[4:8] in _QUICKTIME_ATOMS or _is_mpeg_stream(head):
        return Kind.CONTAINER
    return Kind.OTHER if _is_other(head) else Kind.UNKNOWN


def _is_mpeg_stream(head: bytes) -> bool:
    """Whether it is a programme stream, or a transport stream in packets of 188 bytes."""
    return head.startswith(b"\0\0\1\xba") or head[:1] == head[188:189] == head[376:377] == b"\x47"


def _is_other(head: bytes) -> bool:
    return any(head.startswith(magic, at) for at, magic in _OTHERS)


def _is_text(head: bytes) -> bool:
    if _CONTROLS.search(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may go on beyond what is looked at.
        return len(head) >= HEAD_BYTES and error.start >= HEAD_BYTES - 3
    return True
