"""Thousands of answers are shown page by page, and forgotten only when that is confirmed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import flet as ft

from clients.history import Entry
from clients.mobile.session import PhoneSession
from clients.mobile.views.history import PAGE_ENTRIES, HistoryPage
from tests.clients.mobile.views.showing import one, parts, press, texts

ENTRY = Entry("2026-11-29T12:00:00+00:00", "Microphone", 7, "Été", 0.98, 64.6)


def n_rows(view: HistoryPage) -> int:
    return sum(isinstance(part, ft.ListTile) for part in parts(view.control))


def test_answers_are_shown_page_by_page(tmp_path: Path) -> None:
    session, chosen = PhoneSession(tmp_path), []
    view = HistoryPage(session, chosen.append)
    view.refresh()
    assert "What you ask is listed here." in texts(view.control)
    assert "Forget all" not in texts(view.control)

    made = [replace(ENTRY, song_name=f"song {number}") for number in range(10_000)]
    made[1] = replace(ENTRY, song_id=None, song_name=None, confidence=0.0, song_offset_s=None)
    session.history._entries = made
    view.refresh()
    assert {"10,000 answers", "song 0", "No match"} <= set(texts(view.control))
    assert n_rows(view) == PAGE_ENTRIES
    asyncio.run(press(view.control, "Show more", ft.TextButton))
    assert n_rows(view) == 2 * PAGE_ENTRIES
    one(view.control, ft.ListTile, "song 3").on_click(None)
    assert chosen == [made[3]]


def test_all_is_forgotten_when_that_is_confirmed(tmp_path: Path, monkeypatch: Any) -> None:
    session = PhoneSession(tmp_path)
    session.history.add(ENTRY)
    view = HistoryPage(session, lambda entry: None)
    view.refresh()
    dialogs: list[Any] = []

    class Page:
        show_dialog = staticmethod(dialogs.append)
        pop_dialog = staticmethod(lambda: None)

    monkeypatch.setattr(type(view.control), "page", Page())
    asyncio.run(press(view.control, "Forget all", ft.TextButton))
    asyncio.run(press(dialogs[0].actions, "Keep", ft.TextButton))
    assert list(session.history.entries) == [ENTRY]
    asyncio.run(press(dialogs[0].actions, "Forget"))
    assert list(session.history.entries) == []
    assert list(PhoneSession(tmp_path).history.entries) == []
