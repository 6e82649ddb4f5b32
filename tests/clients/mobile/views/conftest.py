"""Views are used without a page, so none is told of their changes."""

from __future__ import annotations

import flet as ft
import pytest


@pytest.fixture(autouse=True)
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ft.BaseControl, "update", lambda self: None)
