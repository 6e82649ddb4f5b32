"""Words for people: times, shares, and what went wrong with the ways on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from clients.desktop.local_service import NotServedError
from clients.desktop.sources import NoSoundError
from clients.rest import errors

Way = Literal["again", "file", "local", "settings"]
"""A way on: try again, open a file, use this computer, open the settings."""

WAYS: dict[Way, str] = {
    "again": "Try again",
    "file": "Open a file",
    "local": "Use this computer",
    "settings": "Settings",
}

_WAYS_ON: tuple[tuple[type[Exception], tuple[Way, ...]], ...] = (
    (errors.ConnectionLostError, ("again", "settings")),
    (errors.NoServerError, ("again", "local", "settings")),
    (errors.WrongKeyError, ("settings",)),
    (errors.ForbiddenError, ("settings",)),
    (errors.SettingError, ("settings",)),
    (errors.RedirectedError, ("settings",)),
    (errors.GarbageAnswerError, ("settings", "again")),
    (errors.TooLargeError, ("file",)),
    (errors.RecordingRefusedError, ("file",)),
    (errors.UnreadableError, ("file",)),
    (NotServedError, ("again", "settings")),
    (NoSoundError, ("again", "file")),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as one sentence, and the ways on from there."""

    sentence: str
    ways: tuple[Way, ...] = ()


def problem(error: Exception) -> Problem:
    """Return what to say of an error."""
    known = isinstance(error, errors.RestError | NoSoundError | NotServedError)
    text = str(error) if known else f"this client failed ({type(error).__name__}: {error})"
    ways = next((ways for kind, ways in _WAYS_ON if isinstance(error, kind)), ("again",))
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
