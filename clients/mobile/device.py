"""Device: the app on a phone, where it is all in one package."""

from __future__ import annotations

import os
from pathlib import Path

import flet as ft

from clients.mobile.app import App
from clients.mobile.session import PhoneSession
from clients.storage import data_folder

STORAGE_VARIABLE = "FLET_APP_STORAGE_DATA"
"""Names the folder in which a phone keeps what an app keeps."""


def main() -> None:
    """Show the app until it is closed."""
    ft.run(_show)


def folder() -> Path:
    """Return where the app keeps what it keeps."""
    given = os.environ.get(STORAGE_VARIABLE)
    return Path(given) if given else data_folder("fpmobile")


async def _show(page: ft.Page) -> None:
    await App(page, PhoneSession(folder())).start()
