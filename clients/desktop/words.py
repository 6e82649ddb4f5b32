"""Words of the desktop client: the ways on from what went wrong."""

from __future__ import annotations

from typing import Literal

from clients import words
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


DesktopProblem = words.Problem[Way]


def problem(error: Exception) -> DesktopProblem:
    """Return what to say of an error."""
    return words.told(
        error,
        _WAYS_ON,
        known=(errors.RestError, NoSoundError, NotServedError),
        otherwise=("again",),
    )
