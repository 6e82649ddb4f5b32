"""Settings: the server and its key, or this computer as the server, and how the window looks."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from clients.desktop.session import Session
from clients.desktop.views.view import View
from clients.desktop.widgets import look
from clients.desktop.words import DesktopProblem, Way, problem
from clients.rest import Stats
from clients.words import counted


class SettingsView(View):
    """The settings."""

    title, icon = "Settings", "gear"

    def __init__(self, parent: tk.Misc, session: Session, go: Callable[[Way], None]) -> None:
        super().__init__(parent, session, go)
        chosen = session.preferences
        self.address = tk.StringVar(self, chosen.address)
        self.key = tk.StringVar(self, chosen.key)
        self.is_local = tk.BooleanVar(self, chosen.is_local)
        self.is_dark = tk.BooleanVar(self, chosen.is_dark)
        look.label(self, "Settings", use="title", on=look.GROUND).grid(row=0, sticky="w")
        self._server().grid(row=2, sticky="ew", pady=(look.GAP, 0))
        self._look().grid(row=3, sticky="ew", pady=(look.GAP, 0))
        self._kept().grid(row=4, sticky="ew", pady=(look.GAP, 0))
        self._show_choice()

    def shown(self) -> None:
        """Show what holds now."""
        chosen = self._session.preferences
        self.address.set(chosen.address)
        self.key.set(chosen.key)
        self.is_local.set(chosen.is_local)
        self._show_choice()

    def use_this_computer(self) -> None:
        """Have this computer serve."""
        self.is_local.set(True)
        self.connect()

    def connect(self) -> None:
        """Keep what is chosen, and try it."""
        note = self._session.change(
            address=self.address.get().strip(),
            key=self.key.get().strip(),
            is_local=self.is_local.get(),
        )
        self._show_choice()
        self.problem_bar.hide()
        if note:
            self.problem_bar.show(DesktopProblem(note), lambda way: None)
        starts = self.is_local.get() and not self._session.local.is_running
        self.result.configure(text="Starting the service…" if starts else "Connecting…")
        self.apply.configure(state="disabled")
        self._session.ask(lambda client: client.stats(), done=self._reached, failed=self._failed)

    def _reached(self, stats: Stats) -> None:
        self.apply.configure(state="normal")
        self.result.configure(text=f"Connected: {counted(stats.songs, 'song')}.")
        self.event_generate("<<ServerChanged>>")

    def _failed(self, error: Exception) -> None:
        self.apply.configure(state="normal")
        self.result.configure(text="")
        told = problem(error)
        ways: tuple[Way, ...] = tuple(way for way in told.ways if way != "settings")
        self.problem_bar.show(DesktopProblem(told.sentence, ways), self._on_way)
        self.event_generate("<<ServerChanged>>")

    def _on_way(self, way: Way) -> None:
        if way == "local":
            self.use_this_computer()
        else:
            self.connect()

    def _server(self) -> ttk.Frame:
        card = look.card(self, padding=20)
        card.columnconfigure(1, weight=1)
        look.label(card, "Server", use="large").grid(row=0, columnspan=2, sticky="w")
        self.remote = ttk.Radiobutton(
            card, text="A server", value=False, variable=self.is_local, bootstyle="primary",
            command=self._show_choice,
        )  # fmt: skip
        self.remote.grid(row=1, columnspan=2, sticky="w", pady=(12, 8))
        look.label(card, "Address").grid(row=2, column=0, sticky="w", padx=(26, 16))
        self.address_entry = ttk.Entry(card, textvariable=self.address)
        self.address_entry.grid(row=2, column=1, sticky="ew")
        look.label(card, "API key").grid(row=3, column=0, sticky="w", padx=(26, 16), pady=8)
        self.key_entry = ttk.Entry(card, textvariable=self.key, show="•")
        self.key_entry.grid(row=3, column=1, sticky="ew", pady=8)
        look.label(card, "Only for adding, renaming and removing songs.", quiet=True).grid(
            row=4, column=1, sticky="w"
        )
        self.local = ttk.Radiobutton(
            card, text="Use this computer", value=True, variable=self.is_local,
            bootstyle="primary", command=self._show_choice,
        )  # fmt: skip
        self.local.grid(row=5, columnspan=2, sticky="w", pady=(16, 2))
        told = look.label(
            card,
            "A service of your own is started, and ends with this window. Its songs stay in "
            f"{self._session.local.database}.",
            quiet=True,
        )
        told.grid(row=6, columnspan=2, sticky="w", padx=(26, 0))
        look.wrap(told, margin=80)
        row = ttk.Frame(card)
        row.grid(row=7, columnspan=2, sticky="ew", pady=(18, 0))
        self.apply = ttk.Button(row, text="Connect", bootstyle="primary", command=self.connect)
        self.apply.pack(side="left")
        self.result = look.label(row, quiet=True)
        self.result.pack(side="left", padx=16)
        for entry in (self.address_entry, self.key_entry):
            entry.bind("<Return>", lambda event: self.apply.invoke())
        return card

    def _look(self) -> ttk.Frame:
        card = look.card(self, padding=20)
        look.label(card, "Look", use="large").pack(side="left")
        self.dark = ttk.Checkbutton(
            card, text="Dark", variable=self.is_dark, bootstyle="primary round toggle",
            command=self._theme_chosen,
        )  # fmt: skip
        self.dark.pack(side="right")
        return card

    def _kept(self) -> ttk.Frame:
        card = look.card(self, padding=20)
        look.label(card, "Kept on this computer", use="large").pack(anchor="w")
        told = look.label(
            card, f"Settings, history and own songs lie in {self._session.folder}.", quiet=True
        )
        told.pack(anchor="w", pady=(4, 0))
        look.wrap(told, margin=60)
        return card

    def _theme_chosen(self) -> None:
        self._session.change(is_dark=self.is_dark.get())
        ttk.Style.get_instance().theme_use(look.theme(self.is_dark.get()))

    def _show_choice(self) -> None:
        state = "disabled" if self.is_local.get() else "normal"
        self.address_entry.configure(state=state)
        self.key_entry.configure(state=state)
