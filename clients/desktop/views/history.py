"""History: every answer, the last first."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import datetime

import ttkbootstrap as ttk

from clients.desktop.session import Session
from clients.desktop.views.view import View
from clients.desktop.widgets import dialogs, look
from clients.desktop.words import DesktopProblem, Way
from clients.history import Entry
from clients.words import clock, counted, percent, when

COLUMNS: tuple[look.Column, ...] = (
    ("when", "When", 140, "w"),
    ("song", "Song", 200, "w"),
    ("place", "Place", 80, "e"),
    ("confidence", "Confidence", 110, "e"),
    ("source", "Source", 190, "e"),
)


class HistoryView(View):
    """The answers that are kept."""

    title, icon = "History", "clock-history"

    def __init__(self, parent: tk.Misc, session: Session, go: Callable[[Way], None]) -> None:
        super().__init__(parent, session, go)
        self.rowconfigure(2, weight=1)
        head = ttk.Frame(self, bootstyle=look.GROUND)
        head.grid(row=0, sticky="ew")
        look.label(head, "History", use="title", on=look.GROUND).pack(side="left")
        self.clear = look.button(head, "Clear…", "trash", self._clear)
        self.clear.pack(side="right")
        card = ttk.Frame(self)
        card.grid(row=2, sticky="nsew", pady=(look.GAP, 0))
        self.table = look.table(card, COLUMNS, stretched="song")
        self._bar = ttk.Scrollbar(card, command=self.table.yview, bootstyle="round")
        self.table.configure(yscrollcommand=self._bar.set)
        self._empty = look.Empty(
            card, "clock-history", "Nothing yet", "Every answer is kept here, on this computer."
        )

    def shown(self) -> None:
        """Show what the history has now."""
        entries = self._session.history.entries
        self.table.delete(*self.table.get_children())
        now = datetime.now().astimezone()
        for entry in entries:
            self.table.insert("", "end", values=_cells(entry, now))
        self.clear.configure(state="normal" if entries else "disabled")
        for widget in (self.table, self._bar, self._empty):
            widget.pack_forget()
        if entries:
            self._bar.pack(side="right", fill="y", padx=(4, 0))
            self.table.pack(side="left", fill="both", expand=True)
        else:
            self._empty.pack(fill="both", expand=True)

    def _clear(self) -> None:
        self.dialog = dialogs.confirm(
            self,
            "Clear the history?",
            f"{counted(len(self._session.history.entries), 'answer')} will be forgotten.",
            action="Clear",
            accepted=self._cleared,
        )

    def _cleared(self) -> None:
        try:
            self._session.history.clear()
        except OSError as error:
            told = f"The history cannot be written ({error.strerror}): {self._session.folder}."
            self.problem_bar.show(DesktopProblem(told), lambda way: None)
        self.shown()


def _cells(entry: Entry, now: datetime) -> tuple[str, ...]:
    place = "" if entry.song_offset_s is None else clock(entry.song_offset_s)
    sure = percent(entry.confidence) if entry.song_name else ""
    return (when(entry.asked_at, now), entry.song_name or "no match", place, sure, entry.source)
