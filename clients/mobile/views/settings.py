"""View of the settings: the server and its key, and how it looks."""

from __future__ import annotations

from typing import Any

import flet as ft

from clients.mobile.preferences import LOOKS
from clients.mobile.session import PhoneSession
from clients.mobile.views import look
from clients.mobile.views.look import Action
from clients.mobile.words import problem
from clients.rest import RestError
from clients.words import counted

_NAMES = {"system": "System", "light": "Light", "dark": "Dark"}


class SettingsPage:
    """What can be chosen, which is kept.

    Parameters
    ----------
    session : PhoneSession
        It has the preferences.
    show_look : callable
        Shows the look that was chosen.
    """

    name = "Settings"
    icon = ft.Icons.SETTINGS_OUTLINED

    def __init__(self, session: PhoneSession, show_look: Action) -> None:
        self._session = session
        self._show_look = show_look
        chosen = session.preferences
        fixed = session.has_fixed_server
        self._address = ft.TextField(
            label="Address of the server",
            value=session.server_name if fixed else chosen.address,
            read_only=fixed,
            keyboard_type=ft.KeyboardType.URL,
            autocorrect=False,
            expand=True,
            on_submit=self._connect,
        )
        self._key = ft.TextField(
            label="Key, if it wants one",
            value=chosen.key,
            password=True,
            can_reveal_password=True,
            autocorrect=False,
            expand=True,
            on_submit=self._connect,
        )
        self._result = look.quiet("")
        self._looks = ft.SegmentedButton(
            segments=[ft.Segment(value=one, label=ft.Text(_NAMES[one])) for one in LOOKS],
            selected=[chosen.look],
            show_selected_icon=False,
            on_change=self._choose_look,
        )
        self.control = look.column(
            look.title("Settings"),
            look.card(
                ft.Text("Server", weight=ft.FontWeight.W_600),
                ft.Row([self._address]),
                ft.Row([self._key]),
                ft.FilledButton("Connect", icon=ft.Icons.LINK, on_click=self._connect),
                self._result,
            ),
            look.card(ft.Text("Look", weight=ft.FontWeight.W_600), self._looks),
            scroll=ft.ScrollMode.AUTO,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        )

    def refresh(self) -> None:
        """Show nothing new: what is chosen stands in the fields."""

    async def _connect(self) -> None:
        session = self._session
        chosen: dict[str, Any] = {"key": self._key.value.strip()}
        if not session.has_fixed_server:
            chosen["address"] = self._address.value.strip()
        self._result.value = "Connecting…"
        self._result.update()
        note = await session.choose(**chosen)
        try:
            said = f"Connected: {counted(await session.connect(), 'song')}."
        except RestError as error:
            said = problem(error).sentence
        else:
            self._session.ask_soon()
        self._result.value = f"{said} {note}".strip()
        self._result.update()

    async def _choose_look(self, event: ft.Event[ft.SegmentedButton]) -> None:
        note = await self._session.choose(look=event.control.selected[0])
        if note:
            self._result.value = note
        self._show_look()
