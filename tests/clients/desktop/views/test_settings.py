"""Settings: a server is tried when it is chosen, and what is chosen is kept."""

from __future__ import annotations

from collections.abc import Callable

from clients.desktop import preferences
from clients.desktop.local_service import LocalService
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import pretending


def test_a_server_and_its_key_are_tried_and_kept(desk: Callable[..., Desk]) -> None:
    with pretending() as server:
        open_desk = desk("http://nobody.invalid", key="")
        view = open_desk.settings
        open_desk.window.show("SettingsView")
        view.connect()
        open_desk.until(lambda: view.problem_bar.problem)
        assert view.problem_bar.problem.sentence.startswith("No server answers at http://nobody")
        assert list(view.problem_bar.buttons) == ["again", "local"]
        view.address.set(f" {server.address} ")
        view.key.set("secret")
        view.key_entry.event_generate("<Return>")
        view.apply.invoke()
        open_desk.until(lambda: view.result.cget("text") == "Connected: 3 songs.")
        kept, _ = preferences.load(open_desk.session.folder)
        assert (kept.address, kept.key) == (server.address, "secret")
        assert view.key_entry.cget("show") == "•"


def test_this_computer_is_used_when_that_is_chosen(
    desk: Callable[..., Desk], serving: Callable[[str], LocalService]
) -> None:
    with pretending() as server:
        open_desk = desk("http://nobody.invalid")
        session, view = open_desk.session, open_desk.settings
        code = f"import signal; print('Serving {server.address} (x)', flush=True); signal.pause()"
        session.local = serving(code)
        open_desk.window.go("local")
        assert open_desk.window.current.get() == "SettingsView"
        assert view.result.cget("text") == "Starting the service…"
        open_desk.until(lambda: view.result.cget("text") == "Connected: 3 songs.")
        assert str(view.address_entry.cget("state")) == "disabled"
        open_desk.until(lambda: "this computer" in open_desk.window.state_text.cget("text"))


def test_light_and_dark_are_changed_at_once(desk: Callable[..., Desk]) -> None:
    open_desk = desk("http://nobody.invalid")
    style = open_desk.window.style
    assert style.theme_use() == "fpdesk-light"
    open_desk.settings.dark.invoke()
    assert style.theme_use() == "fpdesk-dark"
    assert open_desk.session.preferences.is_dark
    open_desk.settings.dark.invoke()
    assert style.theme_use() == "fpdesk-light"
