"""Window: ways between the views, the state of the server, light and dark."""

from __future__ import annotations

from collections.abc import Callable

from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import pretending


def test_views_are_reached_by_keys_and_the_server_is_told_of(desk: Callable[..., Desk]) -> None:
    with pretending() as server:
        open_desk = desk(server.address)
        window = open_desk.window
        window.update_idletasks()
        open_desk.until(lambda: "3 songs" in window.state_text.cget("text"))
        window.focus_force()
        for number, name in enumerate(window.views, start=1):
            window.event_generate(f"<Control-Key-{number}>")
            assert window.current.get() == name
            assert window.views[name].winfo_manager() == "grid"
        session = open_desk.session
        session.change(address="http://nobody.invalid")
        window.look_at_server()
        open_desk.until(lambda: "not connected" in window.state_text.cget("text"))


def test_a_window_that_is_opened_again_looks_as_it_did(desk: Callable[..., Desk]) -> None:
    with pretending() as server:
        open_desk = desk(server.address, is_dark=True)
        assert open_desk.window.style.theme_use() == "fpdesk-dark"
        assert open_desk.settings.is_dark.get()
