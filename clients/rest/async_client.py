"""Client for event loops: every endpoint as a coroutine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

import httpx
from anyio import sleep, to_thread

from clients.rest import endpoints
from clients.rest.answers import Answer
from clients.rest.endpoints import AnswerT, Order, Request
from clients.rest.errors import BusyError
from clients.rest.explanation import Explanation
from clients.rest.forms import Body
from clients.rest.pages import PAGE_SONGS, Pages
from clients.rest.patience import Patience, Tries
from clients.rest.recordings import Source, recording
from clients.rest.records import Learned, Profile, Recognition, Song, SongPage, Stats
from clients.rest.wire import Incoming, Server


class AsyncClient:
    """A client of a server, for asyncio or trio; tasks may share it, `close` ends its connections.

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
        self._http = httpx.AsyncClient(**self._server.options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections."""
        await self._http.aclose()

    async def learn(
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
        return await self._ask(request)

    async def recognize(
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
        return await self._ask(endpoints.recognize(recording(source, filename), top=top, scan=scan))

    async def explain(self, source: Source, *, filename: str | None = None) -> Explanation:
        """Return in numbers how a recording is recognised, or why it is not."""
        return await self._ask(endpoints.explain(recording(source, filename)))

    async def explanation_picture(self, source: Source, *, filename: str | None = None) -> bytes:
        """Return the same as a picture, in PNG."""
        return await self._ask(endpoints.explanation_picture(recording(source, filename)))

    async def songs(
        self,
        *,
        name: str | None = None,
        order: Order = "learned",
        page_songs: int = PAGE_SONGS,
    ) -> AsyncIterator[Song]:
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
            for song in pages.take(await self._ask(request)):
                yield song

    async def songs_page(
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
        return await self._ask(
            endpoints.songs_page(limit=limit, offset=offset, name=name, order=order)
        )

    async def song(self, song_id: int) -> Song:
        """Return one song."""
        return await self._ask(endpoints.song(song_id))

    async def rename(self, song_id: int, song_name: str) -> Song:
        """Give a song another name and return the song; needs the key if there is one."""
        return await self._ask(endpoints.rename(song_id, song_name))

    async def remove(self, song_id: int) -> Song:
        """Remove a song and return what it was; needs the key if there is one."""
        return await self._ask(endpoints.remove(song_id))

    async def remove_all(self) -> int:
        """Remove every song and return how many there were; needs the key if there is one."""
        return (await self._ask(endpoints.remove_all())).removed

    async def stats(self, *, check: bool = False) -> Stats:
        """Return the size and the health of the index; with ``check`` all of it is read before."""
        return await self._ask(endpoints.stats(check=check))

    async def profile(self) -> Profile:
        """Return the configuration that is served, with how it was measured."""
        return await self._ask(endpoints.profile())

    async def alive(self) -> str:
        """Return the server's word that it is alive."""
        return (await self._ask(endpoints.alive())).status

    async def ready(self) -> str:
        """Return the server's word that it can learn and recognise."""
        return (await self._ask(endpoints.ready())).status

    async def metrics(self) -> str:
        """Return counts and times in Prometheus's text format."""
        return await self._ask(endpoints.metrics())

    async def _ask(self, request: Request[AnswerT]) -> AnswerT:
        """Return what a request is answered, after some tries when the server is busy."""
        tries = Tries(self._server.patience)
        while True:
            try:
                return request.read(await self._answer(request))
            except BusyError as busy:
                wait_s = tries.wait_s(busy, is_repeatable=request.is_repeatable)
            await sleep(wait_s)

    async def _answer(self, request: Request[AnswerT]) -> Answer:
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(self._server.translated())
            sent: dict[str, Any] = {
                "params": request.params,
                "headers": request.headers,
                "content": request.content,
            }
            if request.form is not None:
                body = await to_thread.run_sync(request.form.open)
                stack.callback(body.close)
                sent |= {"headers": body.headers, "content": _pieces(body)}
            response = await stack.enter_async_context(
                self._http.stream(request.method, request.path, **sent)
            )
            incoming = Incoming(self._server, response)
            async for piece in response.aiter_bytes():
                incoming.take(piece)
            return incoming.whole()


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    """Yield a body, whose recording is read by a thread: a disk may take its time."""
    while piece := await to_thread.run_sync(body.read):
        yield piece
