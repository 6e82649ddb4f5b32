"""Visitors of a page that a service has: each has a folder of its own.

A browser keeps the name of its visitor, which nobody can guess.
"""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path

import flet as ft

from clients.mobile.session import PhoneSession

KEY = "fpmobile.visitor"
MAX_VISITORS = 1000
MAX_WAITING = 5
"""Recordings of a visitor that wait: where the page is, the service is there too."""

_NAME = re.compile(r"[0-9a-f]{32}")


class Visitors:
    """The folders of visitors.

    Parameters
    ----------
    folder : Path
        Where they lie.
    max_visitors : int
        How many there may be: for another one, that of who has not come for the longest goes.
    """

    def __init__(self, folder: Path, max_visitors: int = MAX_VISITORS) -> None:
        self._folder = folder
        self._max_visitors = max_visitors

    async def session(self, page: ft.Page, address: str) -> PhoneSession:
        """Return the session of a page's visitor, which asks the server at an address."""
        kept = ft.SharedPreferences()
        page.services.append(kept)
        page.update()
        name = str(await kept.get(KEY) or "")
        if _NAME.fullmatch(name) is None:
            name = secrets.token_hex(16)
            await kept.set(KEY, name)
        return PhoneSession(self.folder_of(name), address=address, max_waiting=MAX_WAITING)

    def folder_of(self, name: str) -> Path:
        """Return the folder of a visitor; it is there from then on."""
        folder = self._folder / name
        if not folder.is_dir():
            there = [one for one in self._folder.glob("*") if _NAME.fullmatch(one.name)]
            there.sort(key=lambda one: one.stat().st_mtime)
            for old in there[: max(0, len(there) + 1 - self._max_visitors)]:
                shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.touch()
        return folder
