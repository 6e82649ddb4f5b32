"""Session: recordings that wait, the server that is asked about them, and what came of it.

A recording is kept on disk before anything is asked, and leaves there once its answer is in the
history: so each is answered once, in their order, however often the network fails or the program
ends meanwhile. All methods are for one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from clients import preferences
from clients.history import Entry, History
from clients.mobile.preferences import PhonePreferences
from clients.mobile.waiting import MAX_RECORDINGS, FullError, Waiting, made_at
from clients.mobile.words import PhoneProblem, is_final, problem
from clients.rest import AsyncClient, Patience, RestError

PATIENCE = Patience(n_retries=1, retry_s=5.0)
"""A phone says soon that a server is busy: the recording waits, and is asked about later."""

RETRY_S = (2.0, 5.0, 10.0, 30.0)
"""After how long recordings that wait are asked about again; the last time holds from then on."""

MAX_ENTRIES = 10_000
SOURCE = "Microphone"


class PhoneSession:
    """What the views of one window work with.

    Parameters
    ----------
    folder : Path
        Where preferences, history and recordings that wait lie.
    address : str, optional
        The server's, where it cannot be chosen.
    patience : Patience, optional
        How long is waited for answers.
    retry_s : tuple of float
        Seconds between tries while no server answers, see `RETRY_S`.
    max_waiting : int
        How many recordings may wait.
    """

    def __init__(
        self,
        folder: Path,
        *,
        address: str | None = None,
        patience: Patience = PATIENCE,
        retry_s: tuple[float, ...] = RETRY_S,
        max_waiting: int = MAX_RECORDINGS,
    ) -> None:
        self.folder = folder
        self.preferences, note = preferences.load(PhonePreferences, folder)
        self.history = History(folder, MAX_ENTRIES)
        self.note = " ".join(text for text in (note, self.history.note) if text)
        self.answer: Entry | None = None
        self.problem: PhoneProblem | None = None
        self.is_asking = False
        self.n_waiting = 0
        self.changed: Callable[[], None] = lambda: None
        self._address = address
        self._patience = patience
        self._retry_s = retry_s
        self._waiting = Waiting(folder, max_waiting)
        self._lock = asyncio.Lock()
        self._client: AsyncClient | None = None
        self._retrying: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._count()

    @property
    def has_fixed_server(self) -> bool:
        """Whether the server cannot be chosen."""
        return self._address is not None

    @property
    def server_name(self) -> str:
        """What the server is called in sentences."""
        return (self._address or self.preferences.address).split("://")[-1].rstrip("/")

    async def take(self, wav: bytes) -> None:
        """Keep a recording and ask about it, after those that wait already."""
        self.answer = self.problem = None
        try:
            await asyncio.to_thread(self._waiting.add, wav)
        except (FullError, OSError) as error:
            self.tell(error)
            return
        await self.ask()

    async def ask(self) -> None:
        """Ask about all recordings that wait, until one cannot be asked about now.

        While some wait after that, they are asked about again and again.
        """
        async with self._lock:
            self.is_asking = True
            self._count()
            try:
                self.problem = await self._ask_all()
            except (RestError, OSError) as error:
                self.problem = problem(error)
            finally:
                self.is_asking = False
                self._count()
        if self.n_waiting and (self._retrying is None or self._retrying.done()):
            self._retrying = asyncio.create_task(self._retry())

    def tell(self, error: Exception) -> None:
        """Say what went wrong."""
        self.problem = problem(error)
        self._count()

    def ask_soon(self) -> None:
        """Ask about what waits, beside whatever goes on."""
        self._asking = asyncio.create_task(self.ask())

    def show_none(self) -> None:
        """Show no answer and nothing that went wrong: another recording is made."""
        self.answer = self.problem = None
        self.note = ""

    def show(self, entry: Entry) -> None:
        """Show an answer again."""
        self.answer, self.problem = entry, None
        self.changed()

    def forget(self) -> None:
        """Forget the history."""
        with contextlib.suppress(OSError):
            self.history.clear()
        self.answer = None
        self.changed()

    async def choose(self, **chosen: Any) -> str:
        """Change preferences; return a sentence when they cannot be kept."""
        before, self.preferences = self.preferences, replace(self.preferences, **chosen)
        if (before.address, before.key) != (self.preferences.address, self.preferences.key):
            await self._disconnect()
        try:
            preferences.save(self.preferences, self.folder)
        except OSError as error:
            return f"The settings hold for now only ({error.strerror})."
        return ""

    async def connect(self) -> int:
        """Return how many songs the server knows; raises RestError when it cannot be asked."""
        return (await self._server().stats()).songs

    async def close(self) -> None:
        """End what was begun; what waits is asked about when there is a session again."""
        begun = [task for task in (self._retrying, self._asking) if task is not None]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        await self._disconnect()

    async def _ask_all(self) -> PhoneProblem | None:
        """Ask about what waits, and return what was said of a recording that is of no use."""
        refused = None
        with self._waiting.turn() as is_ours:
            if is_ours and self._waiting.paths():
                await asyncio.to_thread(self.history.reread)
            while is_ours and (paths := self._waiting.paths()):
                try:
                    await self._settle(paths[0])
                except RestError as error:
                    if not is_final(error):
                        raise
                    refused = problem(error)
                paths[0].unlink(missing_ok=True)
                self._count()
        return refused

    async def _settle(self, path: Path) -> None:
        """Ask about one recording and note the answer, unless that had been done already."""
        at = made_at(path)
        if any(one.asked_at == at for one in self.history.entries):
            return
        entry = Entry.of(await self._server().recognize(path, top=1), SOURCE, at)
        await asyncio.to_thread(self.history.add, entry)
        self.answer = entry

    async def _retry(self) -> None:
        """Ask again and again until nothing waits."""
        for wait_s in itertools.chain(self._retry_s, itertools.repeat(self._retry_s[-1])):
            await asyncio.sleep(wait_s)
            await self.ask()
            if not self.n_waiting:
                return

    def _server(self) -> AsyncClient:
        if self._client is None:
            address = self._address or self.preferences.address
            self._client = AsyncClient(
                address, key=self.preferences.key or None, patience=self._patience
            )
        return self._client

    async def _disconnect(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def _count(self) -> None:
        self.n_waiting = len(self._waiting.paths())
        self.changed()
