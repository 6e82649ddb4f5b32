"""Answer: which song it is, how sure that is, and where in the song it was."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from clients.desktop.widgets import look
from clients.rest import Recognition
from clients.words import clock, percent, sentence

_SAME = 0.0005
"""A pitch or tempo that differs less is told as the song's own."""


class AnswerCard(ttk.Frame):
    """A card for the last answer.

    Parameters
    ----------
    parent : widget
        Where it stands.
    explain : callable
        Called when the user wants to know why.
    """

    def __init__(self, parent: tk.Misc, explain: Callable[[], None]) -> None:
        super().__init__(parent, bootstyle=look.CARD, padding=1)
        self._explain = explain
        self._empty = look.Empty(
            self,
            "music-note-beamed",
            "No answer yet",
            "Press Listen while music plays near the microphone.",
        )
        self._shown: tk.Widget = self._empty
        self.name: ttk.Label | None = None
        self.why: ttk.Button | None = None
        self._empty.pack(fill="both", expand=True)

    def clear(self) -> None:
        """Show that there is no answer yet."""
        self._replace(self._empty)
        self.name = self.why = None

    def show(self, found: Recognition) -> None:
        """Show an answer."""
        frame = ttk.Frame(self, padding=(20, look.GAP))
        frame.columnconfigure(1, weight=1)
        style = "success" if found.matched else "secondary"
        icon = ttk.Label(frame, bootstyle=style)
        ttk.apply_icon(icon, "check-circle-fill" if found.matched else "question-circle", size=40)
        icon.grid(row=0, column=0, rowspan=2, sticky="n", padx=(0, 16), pady=(4, 0))
        name = found.song_name or "No song of this server"
        self.name = look.label(frame, name, use="answer")
        self.name.grid(row=0, column=1, sticky="w")
        look.wrap(self.name, margin=240)
        look.label(frame, _place(found), quiet=True).grid(row=1, column=1, sticky="w")
        self.why = look.button(frame, "Why?", "graph-up", self._explain, "secondary outline")
        self.why.grid(row=0, column=2, rowspan=2, sticky="ne")
        if found.matched:
            self._facts(frame, found)
        if found.warning:
            warning = look.label(frame, sentence(found.warning))
            look.wrap(warning, margin=120)
            warning.grid(row=3, column=1, columnspan=2, sticky="w", pady=(12, 0))
        self._replace(frame)

    def _facts(self, frame: ttk.Frame, found: Recognition) -> None:
        row = ttk.Frame(frame)
        row.grid(row=2, column=1, columnspan=2, sticky="w", pady=(14, 0))
        for number, (title, told) in enumerate(_facts_of(found)):
            column = ttk.Frame(row)
            column.pack(side="left", padx=(0 if number == 0 else 32, 0))
            look.label(column, title, use="small", quiet=True).pack(anchor="w")
            look.label(column, told, use="strong").pack(anchor="w")

    def _replace(self, shown: tk.Widget) -> None:
        if shown is self._shown:
            return
        self._shown.pack_forget()
        if self._shown is not self._empty:
            self._shown.destroy()
        self._shown = shown
        shown.pack(fill="both", expand=True)


def _place(found: Recognition) -> str:
    if not found.matched:
        return "It was compared with every song that the server knows, and is none of them."
    at_s = found.offset_s if found.song_offset_s is None else found.song_offset_s
    return "" if at_s is None else f"Heard from {clock(at_s)} of the song on"


def _facts_of(found: Recognition) -> list[tuple[str, str]]:
    facts = [("Confidence", percent(found.confidence)), ("Matches", f"{found.matches:,}")]
    tempo, pitch = found.tempo or 1.0, found.pitch or 1.0
    if abs(tempo - 1) > _SAME and abs(tempo - pitch) < _SAME:
        facts.append(("Speed", f"{100 * (tempo - 1):+.1f}%"))
    else:
        if abs(tempo - 1) > _SAME:
            facts.append(("Tempo", f"{100 * (tempo - 1):+.1f}%"))
        if abs(pitch - 1) > _SAME:
            facts.append(("Pitch", f"{100 * (pitch - 1):+.1f}%"))
    facts.append(("Answered in", f"{found.times.total_s:.2f} s"))
    return facts
