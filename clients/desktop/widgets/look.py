"""Look: the theme in light and dark, fonts, and the plain parts that views are made of."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from tkinter import font as tkfont
from typing import Any, Literal

import ttkbootstrap as ttk

LIGHT, DARK = "fpdesk-light", "fpdesk-dark"

CARD = "bordered"
"""Bootstyle of a frame that stands out."""

GROUND = "@chrome"
"""Bootstyle of what cards lie on."""

Column = tuple[str, str, int, Literal["w", "e"]]
"""Name, title, width in pixels and anchor of a column."""

GAP = 16
"""Pixels between cards, and within them."""

_THEME = ttk.Theme(
    name="fpdesk",
    primary="#3268e0",
    success="#1f9d6b",
    info="#0e9fb2",
    warning="#c47f06",
    danger="#d34a4a",
    neutral="#66758a",
    light={"background": "#ffffff", "foreground": "#1d2733"},
    dark={"background": "#151b24", "foreground": "#e3e9f1"},
)

_SIZES = {"small": -1, "body": 0, "strong": 0, "large": 3, "title": 8, "answer": 12}
_BOLD = {"strong", "title", "answer"}


def theme(is_dark: bool) -> str:
    """Return the name of the theme; it is there from then on."""
    _THEME.register()
    return DARK if is_dark else LIGHT


class Fonts:
    """Fonts by their use, made from the system's own."""

    def __init__(self, window: tk.Misc) -> None:
        self.names: dict[str, str] = {}
        plain = tkfont.nametofont("TkDefaultFont", root=window)
        size = plain.actual("size")
        for use, more in _SIZES.items():
            made = plain.copy()
            made.configure(size=size + more, weight="bold" if use in _BOLD else "normal")
            self._keep(use, made)

    def _keep(self, use: str, made: tkfont.Font) -> None:
        self.names[use] = str(made)
        setattr(self, f"_{use}", made)  # a font lives as long as its object


def font(widget: tk.Misc, use: str) -> str:
    """Return the font of a use."""
    root: Any = widget.nametowidget(".")
    fonts: Fonts = root.fonts
    return fonts.names[use]


def label(
    parent: tk.Misc, text: str = "", *, use: str = "body", quiet: bool = False, on: str = ""
) -> ttk.Label:
    """Return a label.

    Parameters
    ----------
    parent : widget
        Where it stands.
    text : str
        What it says.
    use : str
        Of which font.
    quiet : bool
        Whether it stands back.
    on : str
        The surface under it.
    """
    style = f"{on} secondary" if quiet else on
    return ttk.Label(
        parent, text=text, font=font(parent, use), bootstyle=style.strip() or "default"
    )


def card(parent: tk.Misc, *, padding: int = GAP) -> ttk.Frame:
    """Return a frame that stands out from its background."""
    return ttk.Frame(parent, bootstyle=CARD, padding=padding)


def button(
    parent: tk.Misc,
    text: str,
    icon: str,
    command: Callable[[], object],
    style: str = "secondary outline",
) -> ttk.Button:
    """Return a button with an icon.

    Parameters
    ----------
    parent : widget
        Where it stands.
    text : str
        What it says.
    icon : str
        Name of a Bootstrap icon.
    command : callable
        What it does.
    style : str
        Its bootstyle.
    """
    made = ttk.Button(parent, text=text, command=command, bootstyle=style)
    ttk.apply_icon(made, icon, size=16)
    return made


def row_height(widget: tk.Misc) -> int:
    """Return the height of a table's rows in pixels: twice that of its letters."""
    return 2 * tkfont.nametofont("TkDefaultFont", root=widget).metrics("ascent")


def table(parent: tk.Misc, columns: Iterable[Column], *, stretched: str) -> ttk.Treeview:
    """Return a table without rows.

    Parameters
    ----------
    parent : widget
        Where it stands.
    columns : iterable of Column
        Name, title, width in pixels and anchor of each.
    stretched : str
        The name of the one that takes the room that is left.
    """
    columns = list(columns)
    made = ttk.Treeview(
        parent, columns=[name for name, *_ in columns], show="headings", selectmode="browse"
    )
    for name, title, width, anchor in columns:
        made.heading(name, text=title, anchor=anchor)
        made.column(name, width=width, minwidth=50, anchor=anchor, stretch=name == stretched)
    return made


def wrap(wrapped: ttk.Label, *, margin: int = 0) -> None:
    """Have a label break its lines where its parent ends."""
    parent = wrapped.master
    parent.bind(
        "<Configure>",
        lambda event: wrapped.configure(wraplength=max(120, event.width - margin)),
        add="+",
    )


class Empty(ttk.Frame):
    """What stands where there is nothing yet: an icon, and what to do about it."""

    def __init__(self, parent: tk.Misc, icon: str, title: str, text: str) -> None:
        super().__init__(parent)
        inner = ttk.Frame(self)
        inner.place(relx=0.5, rely=0.5, anchor="center")
        shown = label(inner, quiet=True)
        ttk.apply_icon(shown, icon, size=40)
        shown.pack(pady=(0, 8))
        self._title = label(inner, title, use="large")
        self._title.pack()
        self._text = label(inner, text, quiet=True)
        self._text.pack(pady=(4, 0))

    def say(self, title: str, text: str) -> None:
        """Say something else."""
        self._title.configure(text=title)
        self._text.configure(text=text)
