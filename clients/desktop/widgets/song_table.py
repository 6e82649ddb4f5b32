"""Song table: a list of any length, of which only the rows in sight are there.

A treeview with ten thousand rows takes seconds and tens of megabytes. Here it has as many rows as
fit, and shows in them whatever part of the list the scroll bar points to.
"""

from __future__ import annotations

import functools
import tkinter as tk
from collections.abc import Callable, Iterable

import ttkbootstrap as ttk

from clients.desktop.widgets import look
from clients.desktop.words import clock, counted
from clients.rest import Song

MOST_CHOSEN = 1000
"""So many songs are chosen at once, of those that a choice would take in."""

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
        self.chosen: frozenset[int] = frozenset()
        self._anchor = 0
        self.tree = look.table(self, COLUMNS, stretched="name")
        self.tree.configure(selectmode="extended")
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
        for shift, extend in (("", False), ("Shift-", True)):
            for key, by in (
                ("Up", lambda: -1),
                ("Down", lambda: 1),
                ("Prior", lambda: 1 - self.n_in_sight),
                ("Next", lambda: self.n_in_sight - 1),
                ("Home", lambda: -self.n_rows),
                ("End", lambda: self.n_rows),
            ):
                tree.bind(f"<{shift}{key}>", functools.partial(self._moved, by, extend=extend))
        tree.bind("<Control-a>", lambda event: self.choose_all())
        tree.bind("<Button-1>", lambda event: self._clicked(event, self.choose))
        tree.bind("<Control-Button-1>", lambda event: self._clicked(event, self.toggle))
        extended = functools.partial(self.choose, extend=True)
        tree.bind("<Shift-Button-1>", lambda event: self._clicked(event, extended))

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
        in_sight = range(self.first, self.first + n_shown)
        wanted = tuple(f"row{number - self.first}" for number in in_sight if number in self.chosen)
        if self.tree.selection() != wanted:
            self.tree.selection_set(*wanted)
        if self.selected is not None and self.selected in in_sight:
            self.tree.focus(f"row{self.selected - self.first}")

    def choose(self, number: int | None, *, extend: bool = False) -> None:
        """Choose a row, and bring it into sight; ``extend`` chooses all from the last one on."""
        chosen: Iterable[int] = () if number is None else (number,)
        if number is not None and extend:
            step = 1 if number >= self._anchor else -1
            chosen = range(self._anchor, number + step, step)[:MOST_CHOSEN]
        else:
            self._anchor = number or 0
        self._choose(number, frozenset(chosen))

    def forget_choice(self) -> None:
        """Choose nothing, and leave what is shown to the next `refresh`."""
        self.selected, self.chosen = None, frozenset()

    def toggle(self, number: int) -> None:
        """Choose a row beside those that are, or no longer."""
        self._anchor = number
        chosen = self.chosen ^ {number}
        self._choose(number, chosen if len(chosen) <= MOST_CHOSEN else self.chosen)

    def choose_all(self) -> None:
        """Choose all rows."""
        self._choose(self.selected, frozenset(range(self.n_rows)[:MOST_CHOSEN]))

    def _choose(self, number: int | None, chosen: frozenset[int]) -> None:
        self.selected, self.chosen = number, chosen
        if number is not None:
            n_fit = self.n_in_sight
            self.first = min(max(self.first, number - n_fit + 1), number)
        self.refresh()
        self.event_generate("<<SongChosen>>")

    def _clicked(self, event: tk.Event[ttk.Treeview], choose: Callable[[int], None]) -> str | None:
        row = self.tree.identify_row(event.y)
        if not row:
            return None
        self.tree.focus_set()
        choose(self.first + int(row.removeprefix("row")))
        return "break"

    def _chosen(self) -> None:
        """Take over what is chosen in sight by other means than the keys and clicks above."""
        shown = range(self.first, self.first + len(self.tree.get_children()))
        rows = {self.first + int(row.removeprefix("row")) for row in self.tree.selection()}
        if rows and rows != self.chosen.intersection(shown):
            self.selected, self.chosen = min(rows), frozenset(rows)
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

    def _moved(self, by: Callable[[], int], event: object, *, extend: bool) -> str:
        if self.n_rows:
            at = -1 if self.selected is None else self.selected
            self.choose(max(0, min(self.n_rows - 1, at + by())), extend=extend)
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
