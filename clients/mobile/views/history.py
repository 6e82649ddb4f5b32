"""View of the history: what was asked before, the last first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import flet as ft

from clients.history import Entry
from clients.mobile.session import PhoneSession
from clients.mobile.views import look
from clients.mobile.words import place, sure
from clients.words import counted, when

PAGE_ENTRIES = 50


class HistoryPage:
    """Answers, page by page.

    Parameters
    ----------
    session : PhoneSession
        It has the history.
    chosen : callable
        Told an answer that is to be shown again.
    """

    name = "History"
    icon = ft.Icons.HISTORY

    def __init__(self, session: PhoneSession, chosen: Callable[[Entry], None]) -> None:
        self._session = session
        self._chosen = chosen
        self._n_shown = PAGE_ENTRIES
        self._first: Entry | None = None
        self._count = look.quiet("")
        self._list = ft.ListView(expand=True, spacing=4)
        self._clear = ft.TextButton("Forget all", on_click=self._ask_to_forget)
        self.control = look.column(
            ft.Row(
                [look.title("History"), self._clear],
                alignment=ft.MainAxisAlignment.SPACE_BETWEEN,
            ),
            self._count,
            self._list,
        )

    def refresh(self) -> None:
        """Show the answers that are there now."""
        entries = self._session.history.entries
        self._clear.visible = bool(entries)
        self._count.value = (
            counted(len(entries), "answer") if entries else "What you ask is listed here."
        )
        now = datetime.now().astimezone()
        self._list.controls = [self._tile(entry, now) for entry in entries[: self._n_shown]]
        if len(entries) > self._n_shown:
            self._list.controls.append(ft.TextButton("Show more", on_click=self._more))

    def _tile(self, entry: Entry, now: datetime) -> ft.ListTile:
        has_song = entry.song_name is not None
        asked = when(entry.asked_at, now)
        return ft.ListTile(
            title=ft.Text(
                entry.song_name or "No match", max_lines=2, overflow=ft.TextOverflow.ELLIPSIS
            ),
            subtitle=look.quiet(f"{asked} · {place(entry)} · {sure(entry)}" if has_song else asked),
            leading=ft.Icon(ft.Icons.MUSIC_NOTE if has_song else ft.Icons.MUSIC_OFF),
            content_padding=ft.Padding.symmetric(horizontal=8),
            on_click=lambda event: self._chosen(entry),
        )

    def _more(self) -> None:
        self._n_shown += PAGE_ENTRIES
        self.refresh()

    def _ask_to_forget(self) -> None:
        page = self.control.page

        def forget() -> None:
            page.pop_dialog()
            self._session.forget()

        page.show_dialog(
            ft.AlertDialog(
                title=ft.Text("Forget all answers?"),
                content=ft.Text("They cannot be brought back."),
                actions=[
                    ft.TextButton("Keep", on_click=lambda event: page.pop_dialog()),
                    ft.FilledButton("Forget", on_click=lambda event: forget()),
                ],
            )
        )
