"""View: what all pages of the window have, whatever they show."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import ClassVar

import ttkbootstrap as ttk

from clients.desktop.session import Session
from clients.desktop.widgets import look
from clients.desktop.widgets.problem_bar import ProblemBar
from clients.desktop.words import Way


class View(ttk.Frame):
    """A page of the window: its head in row 0, in row 1 what went wrong, and below what it shows.

    Parameters
    ----------
    parent : widget
        Where it stands.
    session : Session
        Asks the server, and keeps what was chosen and heard.
    go : callable
        Told the ways on that lead out of this view.
    """

    title: ClassVar[str]
    icon: ClassVar[str]

    def __init__(self, parent: tk.Misc, session: Session, go: Callable[[Way], None]) -> None:
        super().__init__(parent, bootstyle=look.GROUND)
        self._session = session
        self._go = go
        self.columnconfigure(0, weight=1)
        self.problem_bar = ProblemBar(self, row=1, column=0, sticky="ew", pady=(look.GAP, 0))
