"""What a view shows, and its parts pressed, without a browser."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any

import flet as ft


def parts(control: Any) -> Iterator[Any]:
    """Yield a control and all that it holds, unless they are hidden."""
    if isinstance(control, list):
        for one in control:
            yield from parts(one)
    elif isinstance(control, ft.BaseControl) and getattr(control, "visible", True):
        yield control
        assert is_dataclass(control)
        for field in fields(control):
            if not field.name.startswith("_"):
                yield from parts(getattr(control, field.name, None))


def texts(control: Any) -> list[str]:
    """Return all texts that are shown."""
    found = []
    for part in parts(control):
        for name in ("value", "content", "label", "title"):
            text = getattr(part, name, None)
            if isinstance(text, str) and text:
                found.append(text)
    return found


def one(control: Any, kind: type[Any], text: str = "") -> Any:
    """Return the first part of a kind that shows a text."""
    for part in parts(control):
        if isinstance(part, kind) and (not text or text in texts(part)):
            return part
    raise AssertionError(f"no {kind.__name__} shows {text!r} among {texts(control)}")


async def press(control: Any, text: str, kind: type[Any] = ft.Button) -> None:
    """Press the button that shows a text, and wait for what it does."""
    button = one(control, kind, text)
    event: Any = SimpleNamespace(control=button)
    takes_event = inspect.signature(button.on_click).parameters
    done = button.on_click(event) if takes_event else button.on_click()
    if inspect.isawaitable(done):
        await done
