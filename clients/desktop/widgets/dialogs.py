"""Dialogs in front of a window that wait for nothing: what was chosen is told to a callback."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from clients.desktop.widgets import look


class Dialog(ttk.Toplevel):
    """A question with a button that accepts and one that does not; Escape does not either."""

    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        text: str,
        *,
        action: str,
        style: str,
        chosen: Callable[[], None],
    ) -> None:
        window = parent.winfo_toplevel()
        super().__init__(title, master=window, transient=window, resizable=(False, False))
        self.withdraw()
        self.body = ttk.Frame(self, padding=20)
        self.body.pack(fill="both", expand=True)
        look.label(self.body, title, use="large", on="").pack(anchor="w")
        self.text = look.label(self.body, text, on="")
        self.text.configure(wraplength=380, justify="left")
        self.text.pack(anchor="w", pady=(8, 16))
        row = ttk.Frame(self.body)
        row.pack(side="bottom", fill="x")
        self.accept = ttk.Button(row, text=action, bootstyle=style, command=chosen)
        self.accept.pack(side="right")
        self.decline = ttk.Button(
            row, text="Cancel", bootstyle="secondary outline", command=self.destroy
        )
        self.decline.pack(side="right", padx=8)
        self.bind("<Escape>", lambda event: self.destroy())
        self.bind("<Return>", lambda event: self.accept.invoke())

    def show(self, focus: tk.Widget) -> None:
        """Come into sight over the middle of the window."""
        self.update_idletasks()
        window = self.master.winfo_toplevel()
        x = window.winfo_rootx() + (window.winfo_width() - self.winfo_reqwidth()) // 2
        y = window.winfo_rooty() + (window.winfo_height() - self.winfo_reqheight()) // 3
        self.geometry(f"+{max(0, x)}+{max(0, y)}")
        self.deiconify()
        self.wait_visibility()
        self.grab_set()
        focus.focus_set()


def confirm(
    parent: tk.Misc, title: str, text: str, *, action: str, accepted: Callable[[], None]
) -> Dialog:
    """Ask whether to do something that cannot be undone.

    Parameters
    ----------
    parent : widget
        In whose window it is asked.
    title, text : str
        The question, and what follows from it.
    action : str
        What the button that accepts says.
    accepted : callable
        Called if it was accepted.

    Returns
    -------
    Dialog
        The question, which is in sight.
    """

    def chosen() -> None:
        dialog.destroy()
        accepted()

    dialog = Dialog(parent, title, text, action=action, style="danger", chosen=chosen)
    dialog.show(dialog.decline)
    return dialog


class TextDialog(Dialog):
    """A question for a text; an empty one is not accepted."""

    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        text: str,
        *,
        given: str,
        action: str,
        accepted: Callable[[str], None],
    ) -> None:
        self._accepted = accepted
        super().__init__(parent, title, text, action=action, style="primary", chosen=self._chosen)
        self.entry = ttk.Entry(self.body, width=48)
        self.entry.insert(0, given)
        self.entry.select_range(0, "end")
        self.entry.pack(fill="x", pady=(0, 20))
        self.show(self.entry)

    def _chosen(self) -> None:
        given = self.entry.get().strip()
        if given:
            self.destroy()
            self._accepted(given)
