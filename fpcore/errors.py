"""Errors that callers may want to tell apart, all children of `FpError`.

Every message is one sentence that names the cause and, where there is one, the remedy.
Commands print it as it is; the service maps each class to an HTTP status.
"""

from __future__ import annotations


class FpError(Exception):
    """Anything this package refuses or fails to do, with a sentence fit for the user."""


class AudioError(FpError):
    """A file that cannot be decoded, or whose audio is outside the stated limits."""


class NotAudioError(AudioError):
    """A file that is no audio of any kind that can be read."""


class ConfigError(FpError):
    """A configuration or profile that is not valid or cannot be read."""


class ConfigMismatchError(ConfigError):
    """An index made with another fingerprint configuration than the one asked for."""


class MissingExtraError(FpError):
    """A package that is not installed, because an extra of the project brings it."""


class StoreError(FpError):
    """A database that cannot be opened, read or written."""


class StoreDamagedError(StoreError):
    """A database whose file is damaged; its ``__cause__`` is what the engine says of it."""


class StoreBusyError(StoreError):
    """A database that another process kept locked for longer than the busy timeout."""


class StoreReadOnlyError(StoreError):
    """A write to a database that can only be read."""


class StoreFullError(StoreError):
    """A write that was rolled back because the disk is full."""


class StoreAwayError(StoreError):
    """A database server that cannot be reached now."""


class UnknownSongError(StoreError):
    """A song id or name that the index does not hold."""
