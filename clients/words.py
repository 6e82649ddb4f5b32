"""Words for people: sentences, times, shares, and what went wrong with the ways on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

WayT = TypeVar("WayT", bound=str)
"""A way on, by the name that a client gives it."""


# Not slotted: where it is made by the name of a kind of it, Python notes the kind on it if it can.
@dataclass(frozen=True)
class Problem(Generic[WayT]):
    """What went wrong, as one sentence, and the ways on from there."""

    sentence: str
    ways: tuple[WayT, ...] = ()


def told(
    error: Exception,
    ways_on: Sequence[tuple[type[Exception], tuple[WayT, ...]]],
    *,
    known: type[Exception] | tuple[type[Exception], ...],
    otherwise: tuple[WayT, ...],
) -> Problem[WayT]:
    """Return what to say of an error.

    Parameters
    ----------
    error : Exception
        What was raised.
    ways_on : sequence of pairs
        Kinds of errors, the special before the general, with the ways on from each.
    known : exception types
        Those whose text is for people; of others the kind is told, too.
    otherwise : tuple of ways
        The ways on from all other kinds.

    Returns
    -------
    Problem
        A sentence and the ways.
    """
    text = str(error)
    if not isinstance(error, known):
        text = f"this client failed ({type(error).__name__}: {error})"
    ways = next((ways for kind, ways in ways_on if isinstance(error, kind)), otherwise)
    return Problem(sentence(text), ways)


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop.

    >>> sentence("the server is busy: try again soon")
    'The server is busy: try again soon.'
    """
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def clock(time_s: float) -> str:
    """Return a time as minutes and seconds, rounded.

    >>> clock(64.6), clock(-0.2), clock(3723)
    ('1:05', '0:00', '1:02:03')
    """
    whole = max(0, round(time_s))
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def percent(share: float, decimals: int = 0) -> str:
    """Return a share in percent, never as all or nothing when it is not.

    >>> percent(0.9996), percent(1.0), percent(0.0025, 2), percent(0.001)
    ('99%', '100%', '0.25%', '1%')
    """
    shown = round(100 * share, decimals)
    step = 10.0**-decimals
    if shown >= 100 and share < 1:
        shown = 100 - step
    if shown <= 0 and share > 0:
        shown = step
    return f"{shown:.{decimals}f}%"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "song"), counted(10000, "song")
    ('1 song', '10,000 songs')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(n_bytes: int) -> str:
    """Return a number of bytes in the unit that fits.

    >>> size(900), size(1_500_000)
    ('1 kB', '1.5 MB')
    """
    if n_bytes < 1_000_000:
        return f"{max(1, round(n_bytes / 1000)) if n_bytes else 0} kB"
    if n_bytes < 1_000_000_000:
        return f"{n_bytes / 1_000_000:.1f} MB"
    return f"{n_bytes / 1_000_000_000:.1f} GB"


def when(asked_at: str, now: datetime) -> str:
    """Return a time of the history in the time zone of ``now``: today without its day."""
    then = datetime.fromisoformat(asked_at).astimezone(now.tzinfo)
    return then.strftime("%H:%M" if then.date() == now.date() else "%d %b %Y, %H:%M")
