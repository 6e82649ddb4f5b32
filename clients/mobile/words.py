"""Words of the mobile client: the ways on from what went wrong, and answers in words."""

from __future__ import annotations

from typing import Literal

from clients import words
from clients.history import Entry
from clients.mobile.waiting import FullError
from clients.rest import errors

PhoneWay = Literal["again", "listen", "settings"]
"""A way on: ask again, record again, open the settings."""

WAYS: dict[PhoneWay, str] = {"again": "Ask again", "listen": "Record again", "settings": "Settings"}

PhoneProblem = words.Problem[PhoneWay]


class MicrophoneError(Exception):
    """A microphone that is not there or may not be used; the text is for people."""


_WAYS_ON: tuple[tuple[type[Exception], tuple[PhoneWay, ...]], ...] = (
    (errors.NoServerError, ("again", "settings")),
    (errors.WrongKeyError, ("settings", "again")),
    (errors.ForbiddenError, ("settings", "again")),
    (errors.SettingError, ("settings", "again")),
    (errors.NotFoundError, ("settings", "again")),
    (errors.GarbageAnswerError, ("settings", "again")),
    (errors.TooLargeError, ("listen",)),
    (errors.RecordingRefusedError, ("listen",)),
    (errors.UnreadableError, ("listen",)),
    (MicrophoneError, ("listen",)),
)


def problem(error: Exception) -> PhoneProblem:
    """Return what to say of an error."""
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        text = f"the recording cannot be kept ({reason}): make room on this device"
        return PhoneProblem(words.sentence(text), ("listen",))
    known = (errors.RestError, MicrophoneError, FullError)
    return words.told(error, _WAYS_ON, known=known, otherwise=("again",))


def is_final(error: Exception) -> bool:
    """Whether asking about the same recording again can only fail again."""
    if isinstance(error, errors.RefusedError) and error.status in (400, 413, 415, 422):
        return True
    return isinstance(error, errors.UnreadableError)


def place(entry: Entry) -> str:
    """Return where in a song a recording is, or nothing when it is of none."""
    return "" if entry.song_offset_s is None else f"at {words.clock(entry.song_offset_s)}"


def sure(entry: Entry) -> str:
    """Return how sure an answer is."""
    return f"{words.percent(entry.confidence)} sure"


def shared(entry: Entry) -> str:
    """Return an answer as a text to send to others."""
    if entry.song_name is None:
        return "No song was recognised."
    return f"♪ {entry.song_name} ({place(entry)}, {sure(entry)})"
