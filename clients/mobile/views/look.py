"""Look: colours in light and dark, sizes, and the plain parts that views are made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import flet as ft

PRIMARY = "#3268e0"
WIDTH = 520
"""Most pixels of what is read, also on a wide screen."""

WIDE = 760
"""From this width on the views are chosen at the side."""

GAP = 16

Action = Callable[[], Any]


def theme(is_dark: bool) -> ft.Theme:
    """Return the theme."""
    surface = "#10151d" if is_dark else "#f5f7fb"
    card = "#1a212c" if is_dark else "#ffffff"
    return ft.Theme(
        color_scheme_seed=PRIMARY,
        font_family="Roboto",
        scaffold_bgcolor=surface,
        color_scheme=ft.ColorScheme(
            primary="#7fa2f5" if is_dark else PRIMARY,
            on_primary="#0d1a3a" if is_dark else "#ffffff",
            surface=surface,
            surface_container=card,
            outline_variant="#2b3442" if is_dark else "#dfe5ee",
        ),
    )


def card(*controls: ft.Control, **more: Any) -> ft.Container:
    """Return a card with controls below each other."""
    return ft.Container(
        ft.Column(list(controls), spacing=GAP / 2, tight=True),
        bgcolor=ft.Colors.SURFACE_CONTAINER,
        border=ft.Border.all(1, ft.Colors.OUTLINE_VARIANT),
        border_radius=20,
        padding=GAP * 1.25,
        **more,
    )


def quiet(text: str, **more: Any) -> ft.Text:
    """Return a text that stands back."""
    return ft.Text(text, color=ft.Colors.ON_SURFACE_VARIANT, **more)


def title(text: str) -> ft.Control:
    """Return the heading of a view."""
    return heading(text, size=26)


def heading(text: str, size: int = 24) -> ft.Control:
    """Return a heading, which screen readers tell as one."""
    shown = ft.Text(text, size=size, weight=ft.FontWeight.W_700)
    return ft.Semantics(content=shown, header=True)


def column(*controls: ft.Control, **more: Any) -> ft.Container:
    """Return a view's content, in the middle where the screen is wide."""
    return ft.Container(
        ft.Container(ft.Column(list(controls), spacing=GAP, expand=True, **more), width=WIDTH),
        alignment=ft.Alignment.TOP_CENTER,
        padding=ft.Padding.only(left=GAP, right=GAP, top=GAP),
        expand=True,
    )


def rounded(text: str, icon: ft.IconData, action: Action, *, is_main: bool = False) -> ft.Control:
    """Return a button.

    Parameters
    ----------
    text : str
        What it says.
    icon : IconData
        Before the text.
    action : callable
        What it does, a function or a coroutine function.
    is_main : bool
        Whether it is the one to press.

    Returns
    -------
    Control
        Filled when it is the main one.
    """

    async def pressed() -> None:
        done = action()
        if inspect.isawaitable(done):
            await done

    kind = ft.FilledButton if is_main else ft.OutlinedButton
    return kind(text, icon=icon, on_click=pressed)
