"""Endpoints of the service: what each is asked with, and what its answer is read as."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from clients.rest.answers import Answer, picture, record_of, text
from clients.rest.explanation import Explanation
from clients.rest.forms import Form
from clients.rest.recordings import Recording
from clients.rest.records import (
    Learned,
    Profile,
    Recognition,
    Removed,
    Song,
    SongPage,
    Stats,
    Status,
)

AnswerT = TypeVar("AnswerT")

Order = Literal["learned", "newest"]
"""Songs as they were learned, or the last learned first."""


@dataclass(frozen=True, slots=True)
class Request(Generic[AnswerT]):
    """A request, and what reads its answer: returns what was asked for, or raises an error."""

    method: str
    path: str
    read: Callable[[Answer], AnswerT]
    params: Mapping[str, str | int | bool] = field(default_factory=dict)
    form: Form | None = None
    change: Mapping[str, str] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Headers of what is sent without a form."""
        return {} if self.change is None else {"Content-Type": "application/json"}

    @property
    def content(self) -> bytes | None:
        """The body of what is sent without a form, if it has one."""
        return None if self.change is None else json.dumps(dict(self.change)).encode()

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be sent again."""
        return self.form is None or self.form.recording.is_repeatable


def learn(
    recording: Recording,
    song_name: str | None,
    *,
    metadata: Mapping[str, Any],
    strict: bool,
    allow_duplicates: bool,
) -> Request[Learned]:
    """Return the request that learns a song.

    Parameters
    ----------
    recording : Recording
        The song.
    song_name : str or None
        Kept verbatim; without, the song is called as its tags or its file.
    metadata : mapping of str to any
        What JSON has a form for.
    strict : bool
        Whether a recording that is cut off or damaged is refused.
    allow_duplicates : bool
        Whether the audio of a known song is learned again from another file.

    Returns
    -------
    Request of Learned
        Nothing is read of the recording yet.
    """
    fields = {} if song_name is None else {"song_name": song_name}
    fields |= {
        "metadata": json.dumps(dict(metadata)),
        "strict": _word(strict),
        "allow_duplicates": _word(allow_duplicates),
    }
    return Request("POST", "/learn", record_of(Learned), form=Form(recording, fields))


def recognize(recording: Recording, *, top: int, scan: bool) -> Request[Recognition]:
    """Return the request that recognises a recording.

    Parameters
    ----------
    recording : Recording
        What is to be recognised.
    top : int
        How many candidates are wanted, from 1 to 100.
    scan : bool
        Whether every song in it is to be found.

    Returns
    -------
    Request of Recognition
        Nothing is read of the recording yet.
    """
    form = Form(recording, {"top": str(top), "scan": _word(scan)})
    return Request("POST", "/recognize", record_of(Recognition), form=form)


def explain(recording: Recording) -> Request[Explanation]:
    """Return the request that explains a recognition in numbers."""
    form = Form(recording, {"format": "json"})
    return Request("POST", "/explain", record_of(Explanation), form=form)


def explanation_picture(recording: Recording) -> Request[bytes]:
    """Return the request that explains a recognition in a picture, in PNG."""
    return Request("POST", "/explain", picture, form=Form(recording, {"format": "png"}))


def songs_page(
    *, limit: int, offset: int, name: str | None = None, order: Order = "learned"
) -> Request[SongPage]:
    """Return the request that lists some songs.

    Parameters
    ----------
    limit : int
        How many songs at most, from 1 to 1000.
    offset : int
        How many songs are passed over.
    name : str, optional
        Text in the names of the songs that are listed.
    order : {"learned", "newest"}
        As they were learned, or the last learned first.

    Returns
    -------
    Request of SongPage
        Songs and their number on all pages.
    """
    params: dict[str, str | int | bool] = {"limit": limit, "offset": offset, "order": order}
    if name is not None:
        params["name"] = name
    return Request("GET", "/songs", record_of(SongPage), params)


def song(song_id: int) -> Request[Song]:
    """Return the request for one song."""
    return Request("GET", f"/songs/{song_id:d}", record_of(Song))


def rename(song_id: int, song_name: str) -> Request[Song]:
    """Return the request that gives a song another name."""
    change = {"song_name": song_name}
    return Request("PATCH", f"/songs/{song_id:d}", record_of(Song), change=change)


def remove(song_id: int) -> Request[Song]:
    """Return the request that removes a song."""
    return Request("DELETE", f"/songs/{song_id:d}", record_of(Song))


def remove_all() -> Request[Removed]:
    """Return the request that removes every song."""
    return Request("DELETE", "/songs", record_of(Removed), {"confirm": "all"})


def stats(*, check: bool) -> Request[Stats]:
    """Return the request for the size and the health of the index, checked now or earlier."""
    return Request("GET", "/stats", record_of(Stats), {"check": check})


def profile() -> Request[Profile]:
    """Return the request for the configuration that is served."""
    return Request("GET", "/profile", record_of(Profile))


def alive() -> Request[Status]:
    """Return the request whether the server is alive."""
    return Request("GET", "/healthz", record_of(Status))


def ready() -> Request[Status]:
    """Return the request whether the server can learn and recognise."""
    return Request("GET", "/readyz", record_of(Status))


def metrics() -> Request[str]:
    """Return the request for counts and times in Prometheus's text format."""
    return Request("GET", "/metrics", text)


def _word(flag: bool) -> str:
    return "true" if flag else "false"
