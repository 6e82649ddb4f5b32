"""Problem bar: there while something is wrong, and gone when a way on was taken."""

from __future__ import annotations

from collections.abc import Callable

from clients.desktop.widgets.problem_bar import ProblemBar
from clients.desktop.words import DesktopProblem
from tests.clients.desktop.conftest import Desk


def test_a_way_on_is_taken_once(desk: Callable[..., Desk]) -> None:
    bar = ProblemBar(desk("http://nobody.invalid").window, row=9, column=0)
    gone: list[str] = []
    bar.show(DesktopProblem("First.", ("again", "settings")), gone.append)
    bar.show(DesktopProblem("Second.", ("file",)), gone.append)
    assert bar.winfo_manager() == "grid"
    assert (list(bar.buttons), bar.sentence.cget("text")) == (["file"], "Second.")
    bar.buttons["file"].invoke()
    assert gone == ["file"] and bar.problem is None and bar.winfo_manager() == ""
