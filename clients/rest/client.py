"""Client that waits: every endpoint as a method."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

import httpx

from clients.rest import endpoints
from clients.rest.answers import Answer
from clients.rest.endpoints import AnswerT, Order, Request
from clients.rest.errors import BusyError
from clients.rest.explanation import Explanation
from clients.rest.pages import PAGE_SONGS, Pages
from clients.rest.patience import Patience, Tries
from clients.rest.recordings import Source, recording
from clients.rest.records import Learned, Profile, Recognition, Song, SongPage, Stats
from clients.rest.wire import Incoming, Server


class Client:
    """A client of a server; threads may share it, and `close` ends its connections.

    Every method raises the `RestError` that fits when it is not answered as it should.

    Parameters
    ----------
    address : str
        The server's, such as ``http://127.0.0.1:8000``.
    key : str, optional
        The server's API key, which learning, renaming and removing may need.
    patience : Patience, optional
        How long is waited for answers, and how often a busy server is asked again.

    Raises
    ------
    SettingError
        When no request can be sent with these.
    """

    def __init__(
        self, address: str, *, key: str | None = None, patience: Patience | None = None
    ) -> None:
        self._server = Server.at(address, key, patience or Patience())
        self._http = httpx.Client(**self._server.options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    def learn(
        self,
        source: Source,
        song_name: str | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        strict: bool = False,
        allow_duplicates: bool = False,
        filename: str | None = None,
    ) -> Learned:
        """Learn a song, unless its file or its audio is known; needs the key if there is one.

        Parameters
        ----------
        source : path, bytes or file
            The recording; a file is read from where it stands, and stays open.
        song_name : str, optional
            Kept verbatim; without, the server calls the song as its tags say, "Artist – Title", or
            as its file.
        metadata : mapping of str to any, optional
            What JSON has a form for.
        strict : bool
            Whether a recording that is cut off or damaged is refused.
        allow_duplicates : bool
            Whether the audio of a known song is learned again from another file.
        filename : str, optional
            What the recording is called; by default the name of its file.

        Returns
        -------
        Learned
            The song, and whether this was what learned it.
        """
        request = endpoints.learn(
            recording(source, filename),
            song_name,
            metadata=metadata or {},
            strict=strict,
            allow_duplicates=allow_duplicates,
        )
        return self._ask(request)

    def recognize(
        self, source: Source, *, top: int = 5, scan: bool = False, filename: str | None = None
    ) -> Recognition:
        """Recognise a recording, or every song in a long one.

        Parameters
        ----------
        source : path, bytes or file
            The recording; a file is read from where it stands, and stays open.
        top : int
            How many candidates are wanted, from 1 to 100.
        scan : bool
            Whether every song in it is to be found.
        filename : str, optional
            What messages call the recording; by default the name of its file.

        Returns
        -------
        Recognition
            It is not ``matched`` when no song of the index was recognised.
        """
        return self._ask(endpoints.recognize(recording(source, filename), top=top, scan=scan))

    def explain(self, source: Source, *, filename: str | None = None) -> Explanation:
        """Return in numbers how a recording is recognised, or why it is not."""
        return self._ask(endpoints.explain(recording(source, filename)))

    def explanation_picture(self, source: Source, *, filename: str | None = None) -> bytes:
        """Return the same as a picture, in PNG."""
        return self._ask(endpoints.explanation_picture(recording(source, filename)))

    def songs(
        self,
        *,
        name: str | None = None,
        order: Order = "learned",
        page_songs: int = PAGE_SONGS,
    ) -> Iterator[Song]:
        """Yield all songs; pages of them are asked for on the way.

        No song comes twice, whatever is learned or removed meanwhile.

        Parameters
        ----------
        name : str, optional
            Text in the names of the songs that are wanted.
        order : {"learned", "newest"}
            As they were learned, or the last learned first.
        page_songs : int
            How many are asked for at once, from 1 to 1000.

        Yields
        ------
        Song
            One of them.
        """
        pages = Pages(name=name, order=order, page_songs=page_songs)
        while (request := pages.next_request) is not None:
            yield from pages.take(self._ask(request))

    def songs_page(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        name: str | None = None,
        order: Order = "learned",
    ) -> SongPage:
        """Return some of the songs.

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
        SongPage
            Songs and their number on all pages.
        """
        request = endpoints.songs_page(limit=limit, offset=offset, name=name, order=order)
        return self._ask(request)

    def song(self, song_id: int) -> Song:
        """Return one song."""
        return self._ask(endpoints.song(song_id))

    def rename(self, song_id: int, song_name: str) -> Song:
        """Give a song another name and return the song; needs the key if there is one."""
        return self._ask(endpoints.rename(song_id, song_name))

    def remove(self, song_id: int) -> Song:
        """Remove a song and return what it was; needs the key if there is one."""
        return self._ask(endpoints.remove(song_id))

    def remove_all(self) -> int:
        """Remove every song and return how many there were; needs the key if there is one."""
        return self._ask(endpoints.remove_all()).removed

    def stats(self, *, check: bool = False) -> Stats:
        """Return the size and the health of the index; with ``check`` all of it is read before."""
        return self._ask(endpoints.stats(check=check))

    def profile(self) -> Profile:
        """Return the configuration that is served, with how it was measured."""
        return self._ask(endpoints.profile())

    def alive(self) -> str:
        """Return the server's word that it is alive."""
        return self._ask(endpoints.alive()).status

    def ready(self) -> str:
        """Return the server's word that it can learn and recognise."""
        return self._ask(endpoints.ready()).status

    def metrics(self) -> str:
        """Return counts and times in Prometheus's text format."""
        return self._ask(endpoints.metrics())

    def _ask(self, request: Request[AnswerT]) -> AnswerT:
        """Return what a request is answered, after some tries when the server is busy."""
        tries = Tries(self._server.patience)
        while True:
            try:
                return request.read(self._answer(request))
            except BusyError as busy:
                wait_s = tries.wait_s(busy, is_repeatable=request.is_repeatable)
            time.sleep(wait_s)

    def _answer(self, request: Request[AnswerT]) -> Answer:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._server.translated())
            sent: dict[str, Any] = {
                "params": request.params,
                "headers": request.headers,
                "content": request.content,
            }
            if request.form is not None:
                body = stack.enter_context(contextlib.closing(request.form.open()))
                sent |= {"headers": body.headers, "content": iter(body.read, b"")}
            response = stack.enter_context(self._http.stream(request.method, request.path, **sent))
            incoming = Incoming(self._server, response)
            for piece in response.iter_bytes():
                incoming.take(piece)
            return incoming.whole()
