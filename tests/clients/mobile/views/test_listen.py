"""The button records, and what comes of it is shown with the ways on."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flet as ft
import pytest

from clients.history import Entry
from clients.mobile.microphone import Microphone
from clients.mobile.recording import RATE_HZ, Take
from clients.mobile.session import PhoneSession
from clients.mobile.views.listen import ListenPage
from clients.mobile.words import MicrophoneError
from clients.rest import NoServerError
from tests.clients.mobile.views.showing import one, press, texts

ENTRY = Entry("2026-11-29T12:00:00+00:00", "Microphone", 7, "Été", 0.98, 64.6)
NONE = Entry("2026-11-29T12:00:00+00:00", "Microphone", None, None, 0.0, None)


class Heard(Microphone):
    """A microphone that hears so many seconds, or fails."""

    def __init__(self, duration_s: float, error: Exception | None = None) -> None:
        self._duration_s = duration_s
        self._error = error
        self.told: list[list[str]] = []
        self.view: ListenPage | None = None

    async def record(self, into: Take, heard: Callable[[], None], stopped: asyncio.Event) -> None:
        into.add(struct.pack("<h", 9000) * round(self._duration_s * RATE_HZ))
        heard()
        assert self.view is not None
        self.told.append(texts(self.view.control))
        if self._duration_s < 10:
            await press(self.view.control, "6 s" if self._duration_s > 1 else "10 s")
            assert stopped.is_set()
        if self._error is not None:
            raise self._error


def view_of(folder: Path, heard: Heard) -> tuple[ListenPage, list[bytes]]:
    """Return a view, and the list of what its session is given to ask about."""
    session, taken = PhoneSession(folder), []

    async def take(wav: bytes) -> None:
        taken.append(wav)

    session.take = take  # type: ignore[method-assign]
    heard.view = view = ListenPage(session, heard, lambda: None)
    session.changed = view.refresh
    view.refresh()
    return view, taken


def test_a_recording_is_shown_while_it_is_made_and_asked_about(tmp_path: Path) -> None:
    heard = Heard(10.0)
    view, taken = view_of(tmp_path, heard)
    assert "Listen" in texts(view.control)
    asyncio.run(press(view.control, "Listen"))
    assert "0 s" in heard.told[0] and "Listening… press to stop and ask" in heard.told[0]
    assert [len(wav) for wav in taken] == [44 + 20 * RATE_HZ]


@pytest.mark.parametrize(("duration_s", "n_asked"), [(4.0, 1), (0.4, 0)])
def test_pressing_again_asks_unless_there_is_next_to_nothing(
    duration_s: float, n_asked: int, tmp_path: Path
) -> None:
    view, taken = view_of(tmp_path, Heard(duration_s))
    asyncio.run(press(view.control, "Listen"))
    assert len(taken) == n_asked
    assert n_asked or "Listen" in texts(view.control)


def test_a_microphone_that_may_not_be_used_is_told_with_a_way_on(tmp_path: Path) -> None:
    heard = Heard(10.0, MicrophoneError("the microphone may not be used: allow it"))
    view, taken = view_of(tmp_path, heard)
    asyncio.run(press(view.control, "Listen"))
    assert "The microphone may not be used: allow it." in texts(view.control)
    assert taken == []
    asyncio.run(press(view.control, "Record again"))
    assert len(heard.told) == 2


def test_an_answer_is_shown_with_place_and_confidence(tmp_path: Path) -> None:
    view, _ = view_of(tmp_path, Heard(10.0))
    session: Any = view._session
    session.show(ENTRY)
    view.refresh()
    shown = texts(view.control)
    assert {"Été", "at 1:05 · 98% sure", "Share", "Copy"} <= set(shown)
    assert one(view.control, ft.ProgressBar).value == 0.98
    session.show(NONE)
    view.refresh()
    assert "No match" in texts(view.control) and "Share" not in texts(view.control)


def test_what_waits_is_told_and_can_be_asked_about_again(tmp_path: Path) -> None:
    view, _ = view_of(tmp_path, Heard(10.0))
    session: Any = view._session
    asked = []

    async def ask() -> None:
        asked.append(True)

    session.ask = ask
    session.problem = None
    session.tell(NoServerError("no server answers at x"))
    session.n_waiting = 2
    view.refresh()
    shown = " ".join(texts(view.control))
    assert "2 recordings kept" in shown and "No server answers at x." in shown
    asyncio.run(press(view.control, "Ask again"))
    assert asked == [True]
    session.is_asking = True
    view.refresh()
    assert "Asking about 2 recordings…" in texts(view.control)
