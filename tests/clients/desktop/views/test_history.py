"""History: shown, and cleared when that is confirmed."""

from __future__ import annotations

from collections.abc import Callable

from tests.clients.desktop.conftest import Desk
from tests.clients.test_history import ENTRY, NONE


def test_answers_are_shown_and_cleared(desk: Callable[..., Desk]) -> None:
    open_desk = desk("http://nobody.invalid")
    view, kept = open_desk.history, open_desk.session.history
    open_desk.window.show("HistoryView")
    assert str(view.clear.cget("state")) == "disabled"
    assert view.table.winfo_manager() == ""
    kept.add(ENTRY)
    kept.add(NONE)
    view.shown()
    rows = [view.table.item(one, "values")[1:] for one in view.table.get_children()]
    assert rows == [("no match", "", "", "a.wav"), ("Été", "0:12", "98%", "Microphone")]
    view.clear.invoke()
    view.dialog.decline.invoke()
    assert len(kept.entries) == 2
    view.clear.invoke()
    view.dialog.accept.invoke()
    assert list(kept.entries) == [] and view.table.get_children() == ()
