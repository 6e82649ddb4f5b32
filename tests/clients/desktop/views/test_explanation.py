"""Explanation: the picture in a window of its own, and what comes instead."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from clients.desktop.views.explanation import ExplanationWindow
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import pretending, refusal


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 100), "red").save(file, "PNG")
    return file.getvalue()


def test_the_picture_is_shown_and_kept_after_what_went_wrong(
    desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "why.png"
    monkeypatch.setattr("tkinter.filedialog.asksaveasfilename", lambda **options: str(target))
    with pretending() as server:
        server.says("/explain", 503, refusal("busy", "x"))
        open_desk = desk(server.address)
        shown = ExplanationWindow(open_desk.window, open_desk.session, b"RIFF", "a.wav")
        open_desk.until(lambda: shown.problem_bar.problem)
        server.says("/explain", 200, png()[:60])
        shown.problem_bar.buttons["again"].invoke()
        open_desk.until(lambda: shown.problem_bar.problem)
        assert shown.problem_bar.problem.sentence.startswith("The server's picture cannot")
        server.says("/explain", 200, png())
        shown.problem_bar.buttons["again"].invoke()
        open_desk.until(lambda: shown.content)
        shown.save_button.invoke()
        assert target.read_bytes() == png()
        shown.event_generate("<Escape>")
