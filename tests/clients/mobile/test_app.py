"""The views of a window: chosen below on a phone, at the side on a wide screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flet as ft
import pytest

from clients.history import Entry, History
from clients.mobile.app import App
from clients.mobile.session import PhoneSession
from clients.mobile.views import look
from tests.clients.mobile.views.showing import texts

ENTRY = Entry("2026-11-29T12:00:00+00:00", "Microphone", 7, "Été", 0.98, 64.6)


def started(folder: Path, width: float) -> tuple[App, Any]:
    """Return an app on a page that only notes what it is given."""
    page: Any = SimpleNamespace(width=width, services=[], shown=[], update=lambda: None)
    page.add = page.shown.append
    app = App(page, PhoneSession(folder))
    asyncio.run(app.start())
    return app, page


@pytest.mark.parametrize(("width", "has_bar"), [(360.0, True), (430.0, True), (1280.0, False)])
def test_views_are_chosen_where_there_is_room(width: float, has_bar: bool, tmp_path: Path) -> None:
    app, page = started(tmp_path, width)
    assert (page.navigation_bar is not None) == has_bar
    assert app._rail.visible != has_bar
    page.width = look.WIDE if has_bar else 400.0
    page.on_resize(None)
    assert (page.navigation_bar is not None) != has_bar


def test_an_answer_of_the_history_is_shown_again(tmp_path: Path) -> None:
    History(tmp_path).add(ENTRY)
    app, page = started(tmp_path, 390.0)
    app.show(1)
    assert "1 answer" in texts(page.shown)
    app.history._chosen(ENTRY)
    assert app.shown == 0 and "Été" in texts(page.shown)


def test_the_look_that_was_chosen_is_shown_at_once(tmp_path: Path) -> None:
    asyncio.run(PhoneSession(tmp_path).choose(look="dark"))
    app, page = started(tmp_path, 390.0)
    assert page.theme_mode is ft.ThemeMode.DARK
    asyncio.run(app.session.choose(look="light"))
    app._show_look()
    assert page.theme_mode is ft.ThemeMode.LIGHT
    asyncio.run(page.on_close())


def test_settings_are_a_way_on(tmp_path: Path) -> None:
    app, page = started(tmp_path, 390.0)
    asyncio.run(app._open_settings())
    assert "Settings" in texts(page.shown) and app.shown == 2
