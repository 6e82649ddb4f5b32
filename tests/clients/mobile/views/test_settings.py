"""A server is tried when it is chosen, and what is chosen is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flet as ft

from clients import preferences
from clients.mobile.preferences import PhonePreferences
from clients.mobile.session import PhoneSession
from clients.mobile.views.settings import SettingsPage
from tests.clients.desktop.pretending import pretending
from tests.clients.mobile.views.showing import one, press, texts


def test_a_server_and_its_key_are_tried_and_kept(tmp_path: Path) -> None:
    async def run(address: str) -> None:
        session = PhoneSession(tmp_path)
        view = SettingsPage(session, lambda: None)
        one(view.control, ft.TextField, "Address of the server").value = "nonsense"
        await press(view.control, "Connect")
        assert "The server's address must be one like http://127.0.0.1:8000." in texts(view.control)
        one(view.control, ft.TextField, "Address of the server").value = f" {address} "
        one(view.control, ft.TextField, "Key, if it wants one").value = "secret"
        await press(view.control, "Connect")
        assert "Connected: 3 songs." in texts(view.control)
        await session.close()
        kept, _ = preferences.load(PhonePreferences, tmp_path)
        assert (kept.address, kept.key) == (address, "secret")

    with pretending() as server:
        asyncio.run(run(server.address))


def test_a_service_that_has_the_page_is_the_server(tmp_path: Path) -> None:
    view = SettingsPage(PhoneSession(tmp_path, address="http://127.0.0.1:9"), lambda: None)
    field = one(view.control, ft.TextField, "Address of the server")
    assert field.read_only and field.value == "127.0.0.1:9"


def test_light_and_dark_are_shown_and_kept(tmp_path: Path) -> None:
    shown: list[bool] = []
    view = SettingsPage(PhoneSession(tmp_path), lambda: shown.append(True))
    looks: Any = one(view.control, ft.SegmentedButton)
    looks.selected = ["dark"]
    asyncio.run(looks.on_change(SimpleNamespace(control=looks)))
    assert shown == [True]
    assert preferences.load(PhonePreferences, tmp_path)[0].look == "dark"
