"""Characters that a line of text may hold when it goes to a terminal, a log or a database."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
"""Parts of words in several scripts, and of emoji."""


def is_visible(char: str) -> bool:
    r"""Whether a character is a letter, a sign or a space, of any script.

    False for what would steer a terminal, end the line or turn the direction of what follows,
    and for half of a surrogate pair.

    >>> [is_visible(char) for char in "é 字"], is_visible("\N{ESCAPE}"), is_visible("\n")
    ([True, True, True], False, False)
    """
    return char.isprintable() or char in _JOINERS or unicodedata.category(char) == "Zs"


def as_text(name: str) -> str:
    r"""Return a file's name as text, with an escape for each byte that belongs to no character.

    Such a name, of another time or system, is no valid Unicode: Python has halves of characters in
    it, which can be neither stored nor printed.

    >>> print(as_text("café"), as_text("caf\udce9"))
    café caf\xe9
    """
    return _HALVES.sub(lambda half: _escape(ord(half[0])), name)


def as_name(text: str) -> str:
    r"""Return the file's name of which `as_text` made a text, if it was none before.

    >>> as_name(as_text("caf\udce9"))
    'caf\udce9'
    """
    return _ESCAPED.sub(lambda byte: chr(_FIRST_BYTE + int(byte[1], 16)), text)


_HALVES = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])")
_FIRST_BYTE = 0xDC00
"""Python stands the byte n, from 0x80 to 0xff, for by the half character with this number + n."""


def _escape(half: int) -> str:
    byte = half - _FIRST_BYTE
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else f"\\u{half:04x}"
