"""Recognising: from a click to an answer, and everything that can come between."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.desktop import sources
from clients.desktop.sources import NoSoundError
from clients.rest import Patience
from tests.api.material import excerpt, song
from tests.api.server import Server
from tests.clients.conftest import SONGS
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import Answer, pretending, refusal


def test_a_click_records_and_the_answer_tells_song_place_and_confidence(
    desk: Callable[..., Desk], server: Server
) -> None:
    open_desk = desk(server.url)
    view = open_desk.recognise
    open_desk.listen(excerpt(2, start_s=3.0))
    assert open_desk.problem == ""
    assert view.answer.name.cget("text") == SONGS[2]
    told = [one.cget("text") for one in labels(view.answer)]
    assert "Heard from 0:03 of the song on" in told
    assert "Confidence" in told
    assert view.sound.spectrogram.n_columns > 50
    (entry,) = open_desk.session.history.entries
    assert (entry.song_name, entry.source) == (SONGS[2], "heard.wav")
    assert entry.song_offset_s == pytest.approx(3.0, abs=0.05)
    open_desk.listen(excerpt(99))
    assert view.answer.name.cget("text") == "No song of this server"
    assert len(open_desk.session.history.entries) == 2
    view.explain()
    shown = open_desk.window.winfo_children()[-1]
    open_desk.until(lambda: shown.content or shown.problem_bar.problem)
    assert shown.content.startswith(b"\x89PNG")
    shown.destroy()


def labels(widget: object) -> list[object]:
    """Return all labels within a widget."""
    found = []
    for child in widget.winfo_children():  # type: ignore[attr-defined]
        found += [child] if child.winfo_class() == "TLabel" else labels(child)
    return found


def test_a_file_is_asked_as_it_is(
    desk: Callable[..., Desk], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "part.wav"
    path.write_bytes(excerpt(3))
    open_desk = desk(server.url)
    monkeypatch.setattr("tkinter.filedialog.askopenfilename", lambda **options: str(path))
    open_desk.recognise.open_button.invoke()
    open_desk.until(lambda: open_desk.recognise.answer.name)
    assert open_desk.recognise.answer.name.cget("text") == SONGS[3]
    large = tmp_path / "large.wav"
    large.write_bytes(song(1) * 4)
    open_desk.recognise.ask_file(large)
    open_desk.until(lambda: open_desk.problem)
    assert "at most 1 MB" in open_desk.problem
    assert list(open_desk.recognise.problem_bar.buttons) == ["file"]


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_without_a_server_one_sentence_tells_so_and_the_recording_can_be_asked_again(
    desk: Callable[..., Desk],
) -> None:
    open_desk = desk(nobody())
    open_desk.listen()
    assert open_desk.problem.startswith("No server answers at http://127.0.0.1:")
    bar = open_desk.recognise.problem_bar
    assert list(bar.buttons) == ["again", "local", "settings"]
    with pretending() as server:
        server.says("/recognize", 503, refusal("busy", "too many: try again"))
        open_desk.session.change(address=server.address)
        bar.buttons["again"].invoke()
        open_desk.until(lambda: not open_desk.recognise.is_busy)
        assert open_desk.problem == "The server is busy: too many: try again."
        assert "/recognize" in server.asked
    bar.buttons["again"].invoke()
    open_desk.until(lambda: not open_desk.recognise.is_busy)
    bar.buttons["settings"].invoke()
    assert open_desk.window.current.get() == "SettingsView"


def test_an_answer_that_is_none_or_breaks_off_is_told(desk: Callable[..., Desk]) -> None:
    with pretending() as server:
        open_desk = desk(server.address)
        for answer, told in (
            ((200, b"<html>"), "does not answer as this client's service does"),
            ((200, json.dumps({"matched": True}).encode()), "does not answer as"),
            (None, "was lost"),
            ((401, b"{}"), "The server wants its API key"),
        ):
            server.answers["/recognize"] = lambda query, one=answer: one
            open_desk.listen()
            assert told in open_desk.problem
            assert open_desk.recognise.main.cget("text") == "Listen"


def test_a_window_that_waits_for_an_answer_lives_and_can_cancel(
    desk: Callable[..., Desk],
) -> None:
    held = threading.Event()

    def late(query: dict[str, str]) -> Answer:
        held.wait(60)
        return None

    with pretending() as server:
        server.answers["/recognize"] = late
        open_desk = desk(server.address, patience=Patience(answer_s=0.3, n_retries=0))
        open_desk.listen()
        assert "did not answer within 0.3 s" in open_desk.problem
        open_desk.recognise.main.invoke()
        open_desk.until(lambda: server.asked.count("/recognize") == 2)
        open_desk.window.event_generate("<Control-Key-5>")
        assert open_desk.window.current.get() == "SettingsView"
        open_desk.window.event_generate("<Escape>")
        assert not open_desk.recognise.is_busy
        assert open_desk.recognise.status.cget("text") == "Cancelled"
        held.set()


def test_without_a_microphone_one_sentence_tells_so(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> object:
        raise NoSoundError("This computer cannot record (x): install PortAudio, or open a file.")

    monkeypatch.setattr(sources, "_portaudio", none)
    open_desk = desk(nobody())
    open_desk.recognise.main.invoke()
    open_desk.until(lambda: not open_desk.recognise.is_busy)
    assert open_desk.problem.startswith("This computer cannot record")
    assert list(open_desk.recognise.problem_bar.buttons) == ["again", "file"]
    assert list(open_desk.recognise.source.cget("values")) == ["Microphone"]


def test_many_recordings_leave_nothing_behind(desk: Callable[..., Desk]) -> None:
    with pretending() as server:
        server.says("/recognize", 503, refusal("busy", "x"))
        open_desk = desk(server.address)
        counted = []
        for _ in range(8):
            open_desk.listen(excerpt(1, duration_s=1.0))
            call = open_desk.window.tk.call
            things = (call("image", "names"), call("info", "commands"), threading.enumerate())
            counted.append([len(one) for one in things])
        for first, last in zip(counted[3], counted[-1], strict=True):
            assert last <= first + 2
