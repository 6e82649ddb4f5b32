"""What all views have: a name, and a bar below their head that leads on."""

from __future__ import annotations

from collections.abc import Callable

from clients.desktop.views.view import View
from clients.desktop.words import DesktopProblem
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import pretending


def test_every_view_has_a_name_of_its_own_and_tells_problems_below_its_head(
    desk: Callable[..., Desk],
) -> None:
    with pretending() as server:
        open_desk = desk(server.address)
        views = list(open_desk.window.views.values())
        assert all(isinstance(view, View) for view in views)
        assert len({view.title for view in views}) == len({view.icon for view in views}) == 5
        for view in views:
            chosen: list[str] = []
            view.problem_bar.show(DesktopProblem("It rains: wait.", ("again",)), chosen.append)
            assert view.problem_bar.grid_info()["row"] == 1
            view.problem_bar.buttons["again"].invoke()
            assert (chosen, view.problem_bar.problem) == (["again"], None)
