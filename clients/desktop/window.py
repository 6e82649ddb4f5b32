"""Window of the desktop client: its views, the way between them, and the state of the server."""

from __future__ import annotations

import functools
import tkinter as tk
from pathlib import Path
from typing import Any

import ttkbootstrap as ttk

from clients.desktop.session import Session
from clients.desktop.views.history import HistoryView
from clients.desktop.views.library import LibraryView
from clients.desktop.views.profile import ProfileView
from clients.desktop.views.recognise import RecogniseView
from clients.desktop.views.settings import SettingsView
from clients.desktop.widgets import look
from clients.desktop.widgets.drops import take_drops
from clients.desktop.words import Way, counted
from clients.rest import Stats

POLL_MS = 30
"""How often the window's thread takes what the others have for it."""

SIZE, LEAST = (1120, 740), (940, 640)
VIEWS: tuple[type[Any], ...] = (
    RecogniseView,
    HistoryView,
    LibraryView,
    ProfileView,
    SettingsView,
)


class Window(ttk.App):
    """The window; `run` shows it until it is closed.

    Parameters
    ----------
    session : Session
        What it works with; closed with it.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._is_closed = False
        self._next_poll = ""
        super().__init__(
            title="Audio recognition",
            theme=look.theme(session.preferences.is_dark),
            size=SIZE,
            minsize=LEAST,
            on_close=self.close,
        )
        self.fonts = look.Fonts(self)
        self.style.configure("Treeview", rowheight=look.row_height(self))
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self._stage = ttk.Frame(self, padding=24, bootstyle=look.GROUND)
        self._stage.grid(row=0, column=1, sticky="nsew")
        self._stage.columnconfigure(0, weight=1)
        self._stage.rowconfigure(0, weight=1)
        self.views = {kind.__name__: kind(self._stage, session, self.go) for kind in VIEWS}
        self.current = tk.StringVar(self)
        self._side().grid(row=0, column=0, sticky="nsew")
        self._bind_keys()
        take_drops(self, self.dropped)
        self.show("RecogniseView")
        self._poll()
        self.look_at_server()
        if session.notes:
            self.state_text.configure(text="\n".join(session.notes))

    def show(self, name: str) -> None:
        """Show a view."""
        for other, view in self.views.items():
            if other != name:
                view.grid_remove()
        self.current.set(name)
        view = self.views[name]
        view.grid(row=0, column=0, sticky="nsew")
        view.shown()

    def go(self, way: Way) -> None:
        """Take a way on that leads to another view."""
        self.show("SettingsView")
        if way == "local":
            self.views["SettingsView"].use_this_computer()

    def look_at_server(self) -> None:
        """Ask the server how it is, and show that below the views' names."""
        self.session.ask(
            lambda client: client.stats(), done=self._server_is_there, failed=self._no_server
        )

    def open(self, path: Path) -> None:
        """Recognise a file."""
        self.show("RecogniseView")
        self.views["RecogniseView"].ask_file(path)

    def dropped(self, paths: list[Path]) -> None:
        """Learn what is dropped on the library; anywhere else it is to be recognised."""
        if self.current.get() == "LibraryView":
            self.views["LibraryView"].add(paths)
            return
        self.show("RecogniseView")
        self.views["RecogniseView"].ask_files(paths)

    def close(self) -> None:
        """Close the window, and end what it began."""
        self._is_closed = True
        self.after_cancel(self._next_poll)
        self.withdraw()
        self.views["RecogniseView"].cancel()
        self.session.close()
        self.destroy()

    def _server_is_there(self, stats: Stats) -> None:
        self._tell_state("success", f"{self.session.server_name}\n{counted(stats.songs, 'song')}")

    def _no_server(self, error: Exception) -> None:
        self._tell_state("danger", f"{self.session.server_name}\nnot connected")

    def _tell_state(self, colour: str, text: str) -> None:
        self.state_dot.configure(bootstyle=f"{colour}")
        ttk.apply_icon(self.state_dot, "circle-fill", size=10)
        self.state_text.configure(text=text)

    def _side(self) -> ttk.Frame:
        self._names: list[ttk.Radiobutton] = []
        self._aligned: set[str] = set()
        side = ttk.Frame(self, padding=(14, 24, 14, 16))
        name = ttk.Frame(side)
        name.pack(fill="x", padx=6, pady=(0, 24))
        icon = ttk.Label(name, bootstyle="primary")
        ttk.apply_icon(icon, "vinyl-fill", size=26)
        icon.pack(side="left", padx=(0, 10))
        look.label(name, "fpdesk", use="large").pack(side="left")
        for number, (key, view) in enumerate(self.views.items(), start=1):
            made = ttk.Radiobutton(
                side,
                text=f"  {view.title}",
                value=key,
                variable=self.current,
                command=lambda chosen=key: self.show(chosen),
                bootstyle="primary ghost toolbutton",
                width=14,
                padding=(12, 9),
            )
            ttk.apply_icon(made, view.icon, size=18)
            made.pack(fill="x", pady=2)
            self._names.append(made)
            self.bind(f"<Control-Key-{number}>", functools.partial(self._key, key))
        state = ttk.Frame(side)
        state.pack(side="bottom", fill="x", padx=6)
        self.state_dot = ttk.Label(state, bootstyle="secondary")
        ttk.apply_icon(self.state_dot, "circle-fill", size=10)
        self.state_dot.pack(side="left", anchor="n", padx=(0, 8), pady=4)
        self.state_text = look.label(state, use="small", quiet=True)
        self.state_text.configure(wraplength=140)
        self.state_text.pack(side="left", fill="x")
        return side

    def _key(self, name: str, event: object) -> None:
        self.show(name)

    def _align_names(self) -> None:
        """Have the views' names begin at one edge, which each theme centres.

        Once for each theme: a change of a style tells all widgets of a change of the theme.
        """
        name = self.style.theme_use()
        if name not in self._aligned:
            self._aligned.add(name)
            base = str(self._names[0].cget("style")).split(".", 1)[1]
            self.style.configure(base, anchor="w")

    def _bind_keys(self) -> None:
        recognise = self.views["RecogniseView"]
        self.bind("<Control-o>", lambda event: recognise.open())
        self.bind("<Control-r>", lambda event: recognise.listen())
        self.bind("<Escape>", lambda event: recognise.cancel())
        self.style.on_theme_change(lambda style: self.after_idle(self._align_names))
        self.bind("<<ServerChanged>>", lambda event: self.look_at_server())

    def _poll(self) -> None:
        try:
            self.session.jobs.hand_over()
        finally:  # a fault in one answer must not keep all others out
            if not self._is_closed:
                self._next_poll = self.after(POLL_MS, self._poll)
