"""Dialogs: nothing happens that was not accepted, and an empty text is none."""

from __future__ import annotations

from collections.abc import Callable

from clients.desktop.widgets import dialogs
from tests.clients.desktop.conftest import Desk


def test_only_what_is_accepted_happens(desk: Callable[..., Desk]) -> None:
    window = desk("http://nobody.invalid").window
    window.update_idletasks()
    came: list[str] = []
    for name in ("decline", "accept"):
        asked = dialogs.confirm(window, "T", "t", action="Go", accepted=lambda: came.append("yes"))
        getattr(asked, name).invoke()
        assert not asked.winfo_exists()
    text = dialogs.TextDialog(window, "T", "t", given="old", action="Go", accepted=came.append)
    assert text.entry.get() == "old"
    text.entry.delete(0, "end")
    text.accept.invoke()
    assert text.winfo_exists()
    text.entry.insert(0, " new ")
    text.accept.invoke()
    assert came == ["yes", "new"]
