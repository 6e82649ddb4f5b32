"""Session: the server that is asked, with all that a window keeps beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from clients import preferences
from clients.desktop.jobs import Job, Jobs
from clients.desktop.local_service import LocalService
from clients.desktop.preferences import Preferences
from clients.history import History
from clients.rest import AsyncClient, Patience

ResultT = TypeVar("ResultT")

PATIENCE = Patience(n_retries=1, retry_s=5.0)
"""A window says soon that a server is busy, and has a button to try again."""


class Session:
    """What a window works with; made and used by its thread.

    Parameters
    ----------
    folder : Path
        Where preferences, the history, and the database of the local service lie.
    patience : Patience, optional
        How long is waited for answers.
    """

    def __init__(self, folder: Path, patience: Patience = PATIENCE) -> None:
        self.folder = folder
        self.preferences, note = preferences.load(Preferences, folder)
        self.history = History(folder)
        self.notes = [text for text in (note, self.history.note) if text]
        self.local = LocalService(folder)
        self.jobs = Jobs()
        self._patience = patience
        self._clients: dict[tuple[str, str], AsyncClient] = {}

    @property
    def server_name(self) -> str:
        """What the server is called in sentences."""
        if self.preferences.is_local:
            return "this computer"
        return self.preferences.address.split("://")[-1].rstrip("/")

    def ask(
        self,
        work: Callable[[AsyncClient], Coroutine[Any, Any, ResultT]],
        *,
        done: Callable[[ResultT], None],
        failed: Callable[[Exception], None],
    ) -> Job:
        """Ask the server; the local service is started for it when that is the server.

        Parameters
        ----------
        work : callable
            Makes a coroutine that asks with a client.
        done : callable
            Told the result, by the window's thread.
        failed : callable
            Told what was raised instead, likewise.

        Returns
        -------
        Job
            To cancel it by; the server's answer is not waited for then.
        """
        chosen = self.preferences

        async def asking() -> ResultT:
            return await work(await self._client(chosen))

        return self.jobs.start(asking(), done=done, failed=failed)

    async def _client(self, chosen: Preferences) -> AsyncClient:
        """Return a client of the chosen server; in the thread of the jobs alone."""
        address, key = chosen.address, chosen.key
        if chosen.is_local:
            address, key = await self.local.started(), ""
        known = self._clients.get((address, key))
        if known is None:
            known = AsyncClient(address, key=key or None, patience=self._patience)
            self._clients[address, key] = known
        return known

    def change(self, **chosen: Any) -> str:
        """Change preferences from now on; return a sentence when they cannot be kept."""
        self.preferences = replace(self.preferences, **chosen)
        try:
            preferences.save(self.preferences, self.folder)
        except OSError as error:
            return f"The settings hold for this window only ({error.strerror}): {self.folder}."
        return ""

    def close(self) -> None:
        """End all jobs, the connections and the local service."""
        self.jobs.close(self._clients_closed())
        self.local.stop()

    async def _clients_closed(self) -> None:
        for client in self._clients.values():
            with contextlib.suppress(Exception):
                await client.close()
