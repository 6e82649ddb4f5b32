"""Song table: a list of any length, of which only the rows in sight are there.

A treeview with ten thousand rows takes seconds and tens of megabytes. Here it has as many rows as
fit, and shows in them whatever part of the list the scroll bar points to.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from clients.desktop.widgets import look
from clients.rest import Song
from clients.words import clock, counted

ROW = 30
_HEAD = 32

COLUMNS: tuple[look.Column, ...] = (
    ("name", "Song", 240, "w"),
    ("length", "Length", 90, "e"),
    ("learned", "Learned", 150, "e"),
    ("note", "", 80, "e"),
)


class SongTable(ttk.Frame):
    """A table of songs that are asked for when they come into sight.

    Parameters
    ----------
    parent : widget
        Where it stands.
    row : callable
        Returns the song of a row, None while it is not there.
    seen : callable
        Told which rows are in sight, the first and how many, whenever that changes.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        row: Callable[[int], Song | None],
        seen: Callable[[int, int], None],
    ) -> None:
        super().__init__(parent)
        self._row = row
        self._seen = seen
        self.first = 0
        self.n_rows = 0
        self.selected: int | None = None
        self.tree = look.table(self, COLUMNS, stretched="name")
        self.bar = ttk.Scrollbar(self, command=self._scrolled, bootstyle="round")
        self.bar.pack(side="right", fill="y", padx=(4, 0))
        self.tree.pack(side="left", fill="both", expand=True)
        self._bind_keys()

    def _bind_keys(self) -> None:
        tree = self.tree
        tree.bind("<Configure>", lambda event: self.refresh())
        tree.bind("<<TreeviewSelect>>", lambda event: self._chosen())
        tree.bind("<MouseWheel>", lambda event: self._wheel(-3 if event.delta > 0 else 3))
        tree.bind("<Button-4>", lambda event: self._wheel(-3))
        tree.bind("<Button-5>", lambda event: self._wheel(3))
        tree.bind("<Up>", lambda event: self._moved(-1))
        tree.bind("<Down>", lambda event: self._moved(1))
        tree.bind("<Prior>", lambda event: self._moved(1 - self.n_in_sight))
        tree.bind("<Next>", lambda event: self._moved(self.n_in_sight - 1))
        tree.bind("<Home>", lambda event: self._moved(-self.n_rows))
        tree.bind("<End>", lambda event: self._moved(self.n_rows))

    @property
    def n_in_sight(self) -> int:
        """How many rows fit."""
        return max(1, (self.tree.winfo_height() - _HEAD) // self._row_height())

    def _row_height(self) -> int:
        name = str(self.tree.cget("style")) or "Treeview"
        return int(ttk.Style().lookup(name, "rowheight") or ROW)

    def show(self, n_rows: int, *, first: int = 0) -> None:
        """Show a list of so many rows from one of them on."""
        self.n_rows = n_rows
        self.first = first
        self.refresh()

    def refresh(self) -> None:
        """Show anew what is in sight."""
        n_shown = min(self.n_in_sight, self.n_rows)
        self.first = max(0, min(self.first, self.n_rows - n_shown))
        self._seen(self.first, n_shown)
        tree = self.tree
        there = tree.get_children()
        for number in range(n_shown, len(there)):
            tree.delete(there[number])
        for number in range(n_shown):
            cells = _cells(self._row(self.first + number))
            if number < len(there):
                tree.item(there[number], values=cells)
            else:
                tree.insert("", "end", iid=f"row{number}", values=cells)
        self._mark(n_shown)
        shown = max(1, self.n_rows)
        self.bar.set(self.first / shown, (self.first + n_shown) / shown)

    def _mark(self, n_shown: int) -> None:
        wanted = () if self.selected is None else (f"row{self.selected - self.first}",)
        in_sight = self.selected is not None and 0 <= self.selected - self.first < n_shown
        wanted = wanted if in_sight else ()
        if self.tree.selection() != wanted:
            self.tree.selection_set(*wanted)
            if wanted:
                self.tree.focus(wanted[0])

    def choose(self, number: int | None) -> None:
        """Choose a row, and bring it into sight."""
        self.selected = number
        if number is not None:
            n_fit = self.n_in_sight
            self.first = min(max(self.first, number - n_fit + 1), number)
        self.refresh()
        self.event_generate("<<SongChosen>>")

    def _chosen(self) -> None:
        chosen = self.tree.selection()
        if chosen:
            number = self.first + int(chosen[0].removeprefix("row"))
            if number != self.selected:
                self.selected = number
                self.event_generate("<<SongChosen>>")

    def _scrolled(self, how: str, by: str, what: str = "") -> None:
        if how == "moveto":
            self.first = round(float(by) * self.n_rows)
        else:
            self.first += int(by) * (self.n_in_sight - 1 if what == "pages" else 1)
        self.refresh()

    def _wheel(self, by: int) -> str:
        self.first += by
        self.refresh()
        return "break"

    def _moved(self, by: int) -> str:
        if self.n_rows:
            at = -1 if self.selected is None else self.selected
            self.choose(max(0, min(self.n_rows - 1, at + by)))
        return "break"


def _cells(song: Song | None) -> tuple[str, ...]:
    if song is None:
        return ("…", "", "", "")
    learned = song.learned_at.astimezone().strftime("%d %b %Y")
    note = "" if song.complete else "cut off"
    return (song.song_name, clock(song.duration_s), learned, note)


def summary(n_songs: int, searched: str) -> str:
    """Return how long a list is.

    >>> summary(2, ""), summary(1, "aria")
    ('2 songs', '1 song with “aria” in the name')
    """
    more = f" with “{searched}” in the name" if searched else ""
    return counted(n_songs, "song") + more
