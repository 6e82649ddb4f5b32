"""Characters that a line of text may hold when it goes to a terminal or a log."""

from __future__ import annotations

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
