"""Drops: files that another program drops on the window, as file managers do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.desktop.widgets import dialogs, drops
from tests.api.material import excerpt, song
from tests.api.server import Server
from tests.clients.conftest import SONGS
from tests.clients.desktop import dropping
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import pretending


def dropped(open_desk: Desk, *files: Path) -> str:
    """Drop files in the middle of a window, and return what their program says of that."""
    window = open_desk.window
    window.update()
    x = window.winfo_rootx() + window.winfo_width() // 2
    y = window.winfo_rooty() + window.winfo_height() // 2
    command = [sys.executable, dropping.__file__, str(x), str(y), *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        open_desk.until(lambda: program.poll() is not None)
        assert program.stdout is not None
        return program.stdout.read().strip()


def test_a_file_is_recognised_and_a_folder_is_learned_where_it_is_dropped_on_the_library(
    desk: Callable[..., Desk], server: Server, tmp_path: Path
) -> None:
    clip = tmp_path / "a noisy {clip} $x é.wav"
    clip.write_bytes(excerpt(1))
    music = tmp_path / "new music"
    music.mkdir()
    (music / "new one.wav").write_bytes(song(4))
    open_desk = desk(server.url)
    assert dropped(open_desk, clip) == "copy"
    open_desk.until(lambda: open_desk.session.history.entries)
    assert open_desk.session.history.entries[0].song_name == SONGS[1]
    assert open_desk.recognise.status.cget("text") == f"Asked about {clip.name}"
    open_desk.window.show("LibraryView")
    assert dropped(open_desk, music, clip) == "copy"
    open_desk.until(lambda: open_desk.library.note.cget("text") == "Added 2 songs.")


def test_what_cannot_be_recognised_at_once_is_told_and_questions_come_first(
    desk: Callable[..., Desk], tmp_path: Path
) -> None:
    with pretending() as server:
        open_desk = desk(server.address)
        open_desk.window.show("HistoryView")
        assert dropped(open_desk, tmp_path) == "copy"
        open_desk.until(lambda: open_desk.problem.startswith("Only one recording"))
        assert open_desk.window.current.get() == "RecogniseView"
        question = dialogs.confirm(
            open_desk.recognise, "Sure?", "Really.", action="Yes", accepted=lambda: None
        )
        assert dropped(open_desk, tmp_path, tmp_path) == "refused"
        question.decline.invoke()


def test_without_the_library_the_window_takes_no_drops(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tkinterdnd2", None)
    with pretending() as server:
        open_desk = desk(server.address)
        assert not drops.take_drops(open_desk.window, lambda paths: None)
