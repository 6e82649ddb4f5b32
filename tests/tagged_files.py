"""Tags of real files, byte for byte: RIFF lists of WAV files, ID3 of MP3 files and others."""

from __future__ import annotations

import struct


def tagged(wav: bytes, title: str | bytes, artist: str | bytes = b"") -> bytes:
    """Return a WAV file with title and artist in a list at its end; text becomes UTF-8."""
    listed = b"INFO" + _chunk(b"INAM", _bytes(title) + b"\0")
    if artist:
        listed += _chunk(b"IART", _bytes(artist) + b"\0")
    return with_chunk(wav, b"LIST", listed)


def with_chunk(wav: bytes, kind: bytes, content: bytes) -> bytes:
    """Return a WAV file with one more chunk at its end."""
    body = wav[8:] + _chunk(kind, content)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def id3(title: bytes, artist: bytes = b"", *, encoding: int = 0) -> bytes:
    """Return a tag of ID3v2.3; encodings are 0 Latin 1, 1 UTF-16 and 3 UTF-8."""
    frames = b"".join(
        kind + struct.pack(">IHB", len(text) + 1, 0, encoding) + text
        for kind, text in ((b"TIT2", title), (b"TPE1", artist))
        if text
    )
    size = bytes(len(frames) >> 7 * place & 0x7F for place in (3, 2, 1, 0))
    return b"ID3\3\0\0" + size + frames


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
