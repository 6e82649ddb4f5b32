"""Drops: files and folders that are dragged here from a file manager."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

_FILES = "DND_Files"
_TAKEN, _REFUSED = "copy", "refuse_drop"


def take_drops(window: tk.Misc, dropped: Callable[[list[Path]], None]) -> bool:
    """Have a window take files and folders, and tell whether it can.

    It cannot where the library for that is missing, or has nothing for this kind of computer.

    Parameters
    ----------
    window : widget
        Where they may be dropped, and on all that is in it.
    dropped : callable
        Told what was dropped, once the program that it comes from is done with that.
    """

    def take(listed: str) -> str:
        paths = [Path(name) for name in window.tk.splitlist(listed)]
        if not paths or window.grab_current() is not None:  # a question waits for its answer
            return _REFUSED
        window.after_idle(dropped, paths)
        return _TAKEN

    try:
        from tkinterdnd2 import TkinterDnD

        TkinterDnD._require(window)
        window.tk.call("tkdnd::drop_target", "register", str(window), (_FILES,))
    except (ImportError, RuntimeError, tk.TclError):
        return False
    window.tk.call("bind", str(window), "<<Drop>>", f"{window.register(take)} %D")
    return True
