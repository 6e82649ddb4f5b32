"""Session: which server is asked, also after it has changed, and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.desktop.local_service import LocalService
from clients.desktop.session import Session
from clients.rest import SettingError, Stats
from tests.clients.desktop.pretending import pretending
from tests.clients.desktop.test_jobs import until


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path)
    yield made
    made.close()


def asked(session: Session) -> Stats | Exception:
    """Ask for the statistics, and return what came of it."""
    came: list[Stats | Exception] = []
    job = session.ask(lambda client: client.stats(), done=came.append, failed=came.append)
    until(session.jobs, lambda: job.is_over)
    return came[0]


def test_the_server_that_is_chosen_now_is_asked(session: Session) -> None:
    with pretending() as first, pretending() as second:
        for server in (first, second, first):
            assert session.change(address=server.address) == ""
            assert isinstance(asked(session), Stats)
        assert (len(first.asked), len(second.asked)) == (2, 1)
        assert session.server_name == first.address.removeprefix("http://")


def test_an_address_that_is_none_is_told_like_other_errors(session: Session) -> None:
    session.change(address="nowhere")
    assert isinstance(asked(session), SettingError)


def test_this_computer_serves_when_it_is_chosen(
    session: Session, serving: Callable[[str], LocalService]
) -> None:
    with pretending() as server:
        code = f"import signal; print('Serving {server.address} (x)', flush=True); signal.pause()"
        session.local = serving(code)
        session.change(is_local=True)
        assert session.server_name == "this computer"
        assert isinstance(asked(session), Stats)
        assert session.local.is_running
    session.local.stop()


def test_what_was_chosen_holds_for_the_next_session(session: Session, tmp_path: Path) -> None:
    session.change(recording_s=10)
    again = Session(tmp_path)
    assert again.preferences.recording_s == 10
    again.close()


def test_what_cannot_be_read_is_noted(tmp_path: Path) -> None:
    for name in ("preferences.json", "history.json"):
        (tmp_path / name).write_text("{")
    made = Session(tmp_path)
    assert [note.split(" could")[0] for note in made.notes] == ["The settings", "The history"]
    made.close()
