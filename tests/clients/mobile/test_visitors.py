"""Visitors have folders of their own, and there are not too many."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flet as ft
import pytest

from clients.mobile.visitors import KEY, Visitors


class Browser:
    """What a browser keeps."""

    def __init__(self, **kept: str) -> None:
        self.kept = kept

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def set(self, key: str, text: str) -> None:
        self.kept[key] = text


def visit(visitors: Visitors, browser: Browser, patch: pytest.MonkeyPatch) -> Path:
    patch.setattr(ft, "SharedPreferences", lambda: browser)
    page: Any = SimpleNamespace(services=[], update=lambda: None)
    session = asyncio.run(visitors.session(page, "http://127.0.0.1:9"))
    assert session.has_fixed_server and browser in page.services
    return session.folder


def test_a_browser_that_comes_again_finds_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors = Visitors(tmp_path)
    browser = Browser()
    first = visit(visitors, browser, monkeypatch)
    assert visit(visitors, browser, monkeypatch) == first
    assert visit(visitors, Browser(), monkeypatch) != first


@pytest.mark.parametrize("name", ["../../etc", "x", "A" * 32, "0" * 33])
def test_names_that_browsers_make_up_are_not_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(**{KEY: name})
    folder = visit(Visitors(tmp_path), browser, monkeypatch)
    assert folder.parent == tmp_path and folder.name == browser.kept[KEY] != name


def test_the_longest_unused_goes_for_a_new_one(tmp_path: Path) -> None:
    visitors = Visitors(tmp_path, max_visitors=2)
    names = [str(number) * 32 for number in range(3)]
    for age, name in enumerate(names[:2]):
        folder = visitors.folder_of(name)
        (folder / "history.json").write_text("{}")
        os.utime(folder, (1000 - age, 1000 - age))
    visitors.folder_of(names[2])
    assert sorted(path.name for path in tmp_path.iterdir()) == [names[0], names[2]]
