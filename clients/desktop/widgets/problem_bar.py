"""Problem bar: one sentence about what went wrong, and a button for each way on."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from clients.desktop.widgets import look
from clients.desktop.words import WAYS, DesktopProblem, Way


class ProblemBar(ttk.Frame):
    """A bar that is there while something is wrong.

    Parameters
    ----------
    parent : widget
        It stands where ``place`` puts it.
    place : dict
        Options of `grid`.
    """

    def __init__(self, parent: tk.Misc, **place: object) -> None:
        super().__init__(parent, bootstyle=look.CARD, padding=(12, 10))
        self._place = place
        self.problem: DesktopProblem | None = None
        self.buttons: dict[Way, ttk.Button] = {}
        self.columnconfigure(1, weight=1)
        icon = ttk.Label(self, bootstyle="danger")
        ttk.apply_icon(icon, "exclamation-triangle-fill", size=20)
        icon.grid(row=0, column=0, sticky="n", padx=(2, 12), pady=(2, 0))
        self.sentence = look.label(self)
        self.sentence.grid(row=0, column=1, sticky="w")
        close = ttk.Button(self, command=self.hide, bootstyle="secondary ghost")
        ttk.apply_icon(close, "x-lg", icon_only=True, size=14)
        close.grid(row=0, column=2, rowspan=2, sticky="ne")
        self._ways = ttk.Frame(self)
        look.wrap(self.sentence, margin=110)

    def show(self, problem: DesktopProblem, go: Callable[[Way], None]) -> None:
        """Show a problem; ``go`` is told which way on was chosen."""
        self.problem = problem
        self.sentence.configure(text=problem.sentence)
        for old in self.buttons.values():
            old.destroy()
        self.buttons = {}
        for number, way in enumerate(problem.ways):
            style = "primary" if number == 0 else "secondary outline"
            made = ttk.Button(self._ways, text=WAYS[way], bootstyle=style)
            made.configure(command=lambda chosen=way: self._go(chosen, go))
            made.pack(side="left", padx=(0, 8))
            self.buttons[way] = made
        if problem.ways:
            self._ways.grid(row=1, column=1, sticky="w", pady=(10, 2))
        else:
            self._ways.grid_remove()
        self.grid(**self._place)

    def hide(self) -> None:
        """Show nothing."""
        self.problem = None
        self.grid_remove()

    def _go(self, way: Way, go: Callable[[Way], None]) -> None:
        self.hide()
        go(way)
