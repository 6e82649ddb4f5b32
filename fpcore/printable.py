"""Characters that a line of text may hold when it goes to a terminal, a log or a database."""

from __future__ import annotations

import os
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

    Such a name, of another time or system, is no valid Unicode: Python has half characters in it,
    which can be neither stored nor printed.

    >>> print(as_text("café"), as_text("caf\udce9"))
    café caf\xe9
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")
