"""Client of the REST service, synchronous and asynchronous, for programs of any kind.

`Client` and `AsyncClient` have a method for every endpoint. Answers are frozen records; times and
durations are in seconds (``_s``), sizes in bytes (``_bytes``). What goes wrong is a `RestError`
of one of few kinds, whose text is one sentence for people.
"""

from __future__ import annotations

from clients.rest.async_client import AsyncClient
from clients.rest.client import Client
from clients.rest.errors import (
    BusyError,
    ConnectionLostError,
    ForbiddenError,
    GarbageAnswerError,
    NoServerError,
    NotFoundError,
    RecordingRefusedError,
    RedirectedError,
    RefusedError,
    RestError,
    ServerFailedError,
    SettingError,
    TimedOutError,
    TooLargeError,
    UnreadableError,
    WrongKeyError,
)
from clients.rest.explanation import Explanation
from clients.rest.patience import Patience
from clients.rest.recordings import Source
from clients.rest.records import (
    Appearance,
    Candidate,
    Health,
    Learned,
    ModelCard,
    Profile,
    Recognition,
    ServedProfile,
    Song,
    SongPage,
    Stats,
    Times,
)

__all__ = [
    "Appearance",
    "AsyncClient",
    "BusyError",
    "Candidate",
    "Client",
    "ConnectionLostError",
    "Explanation",
    "ForbiddenError",
    "GarbageAnswerError",
    "Health",
    "Learned",
    "ModelCard",
    "NoServerError",
    "NotFoundError",
    "Patience",
    "Profile",
    "Recognition",
    "RecordingRefusedError",
    "RedirectedError",
    "RefusedError",
    "RestError",
    "ServedProfile",
    "ServerFailedError",
    "SettingError",
    "Song",
    "SongPage",
    "Source",
    "Stats",
    "TimedOutError",
    "Times",
    "TooLargeError",
    "UnreadableError",
    "WrongKeyError",
]
