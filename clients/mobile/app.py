"""App: the views of one window, and how it changes from one to another."""

from __future__ import annotations

import flet as ft

from clients.history import Entry
from clients.mobile.microphone import Microphone
from clients.mobile.session import PhoneSession
from clients.mobile.views import look
from clients.mobile.views.history import HistoryPage
from clients.mobile.views.listen import ListenPage
from clients.mobile.views.settings import SettingsPage

TITLE = "Which song?"

_MODES = {
    "system": ft.ThemeMode.SYSTEM,
    "light": ft.ThemeMode.LIGHT,
    "dark": ft.ThemeMode.DARK,
}


class App:
    """What a page shows.

    Parameters
    ----------
    page : Page
        Flet's, empty.
    session : PhoneSession
        What is kept and asked; closed with the page.
    """

    def __init__(self, page: ft.Page, session: PhoneSession) -> None:
        self.page = page
        self.session = session
        self.microphone = Microphone()
        self.listen = ListenPage(session, self.microphone, self._open_settings)
        self.history = HistoryPage(session, self._show_again)
        self.settings = SettingsPage(session, self._show_look)
        self.views = (self.listen, self.history, self.settings)
        self.shown = 0
        self._content = ft.Container(expand=True)
        self._rail = ft.NavigationRail(
            destinations=[
                ft.NavigationRailDestination(icon=view.icon, label=view.name) for view in self.views
            ],
            label_type=ft.NavigationRailLabelType.ALL,
            on_change=lambda event: self.show(int(event.control.selected_index or 0)),
        )
        self._bar = ft.NavigationBar(
            destinations=[
                ft.NavigationBarDestination(icon=view.icon, label=view.name) for view in self.views
            ],
            bgcolor=ft.Colors.SURFACE_CONTAINER,
            on_change=lambda event: self.show(int(event.control.selected_index or 0)),
        )

    async def start(self) -> None:
        """Show the first view, and ask about what waits from the last time."""
        page = self.page
        page.title, page.padding = TITLE, 0
        page.theme, page.dark_theme = look.theme(is_dark=False), look.theme(is_dark=True)
        page.services.append(self.microphone.recorder)
        page.on_resize = lambda event: self._fit()
        page.on_close = self._close
        page.add(
            ft.SafeArea(ft.Row([self._rail, self._content], spacing=0, expand=True), expand=True)
        )
        self._show_look()
        self._fit()
        self.session.changed = self.refresh
        self.show(0)
        await self.session.ask()

    def show(self, number: int) -> None:
        """Show one of the views."""
        self.shown = number
        self._rail.selected_index = self._bar.selected_index = number
        self._content.content = self.views[number].control
        self.refresh()

    def refresh(self) -> None:
        """Show in the current view what the session tells."""
        self.views[self.shown].refresh()
        self.page.update()

    def _fit(self) -> None:
        is_wide = (self.page.width or 0) >= look.WIDE
        self._rail.visible = is_wide
        self.page.navigation_bar = None if is_wide else self._bar
        self.page.update()

    def _show_look(self) -> None:
        self.page.theme_mode = _MODES[self.session.preferences.look]
        self.page.update()

    def _show_again(self, entry: Entry) -> None:
        self.session.show(entry)
        self.show(0)

    async def _open_settings(self) -> None:
        self.show(self.views.index(self.settings))

    async def _close(self) -> None:
        self.session.changed = lambda: None
        await self.session.close()
