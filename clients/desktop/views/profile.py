"""Profile: the configuration that the server serves, how right it is, and the size of its index."""

from __future__ import annotations

import asyncio
import tkinter as tk
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

import ttkbootstrap as ttk

from clients.desktop.session import Session
from clients.desktop.views.view import View
from clients.desktop.widgets import look
from clients.desktop.words import DesktopProblem, Way, problem
from clients.rest import AsyncClient, Profile, Stats
from clients.words import clock, percent, size

MEASURES = {
    "accepted_right": "Recognised and right",
    "within_50ms": "Place right to 50 ms",
    "false_accept": "Strangers given a name",
}
"""Metrics of a model card that are told, and what they are called."""

COLUMNS: tuple[look.Column, ...] = (
    ("condition", "Condition", 220, "w"),
    ("clip", "Clip", 80, "e"),
    ("share", "Right", 90, "e"),
    ("interval", "95% interval", 150, "e"),
)


class ProfileView(View):
    """What answers rest on."""

    title, icon = "Accuracy", "bullseye"

    def __init__(self, parent: tk.Misc, session: Session, go: Callable[[Way], None]) -> None:
        super().__init__(parent, session, go)
        self.rowconfigure(3, weight=1)
        look.label(self, "Accuracy", use="title", on=look.GROUND).grid(row=0, sticky="w")
        card = look.card(self, padding=20)
        card.grid(row=2, sticky="ew", pady=(look.GAP, 0))
        self.name = look.label(card, "…", use="large")
        self.name.pack(anchor="w")
        self.description = look.label(card, quiet=True)
        self.description.pack(anchor="w", pady=(4, 0))
        look.wrap(self.description, margin=60)
        self._facts = ttk.Frame(card)
        self._facts.pack(anchor="w", pady=(16, 0))
        self.measured = look.label(card, quiet=True)
        self.measured.pack(anchor="w", pady=(16, 0))
        look.wrap(self.measured, margin=60)
        below = ttk.Frame(self)
        below.grid(row=3, sticky="nsew", pady=(look.GAP, 0))
        self.table = look.table(below, COLUMNS, stretched="condition")
        self._bar = ttk.Scrollbar(below, command=self.table.yview, bootstyle="round")
        self.table.configure(yscrollcommand=self._bar.set)
        self._empty = look.Empty(
            below,
            "bullseye",
            "No accuracy is stated",
            "A profile has it once `fpbench accuracy` or `fpbench promote` has measured it.",
        )

    def shown(self) -> None:
        """Ask for what is served now."""
        self._session.ask(_asked, done=self._take, failed=self._failed)

    def _failed(self, error: Exception) -> None:
        told = problem(error)
        self.problem_bar.show(
            DesktopProblem(told.sentence, told.ways),
            lambda way: self.shown() if way == "again" else self._go(way),
        )

    def _take(self, told: tuple[Profile, Stats]) -> None:
        profile, stats = told
        self.problem_bar.hide()
        self.name.configure(text=profile.name)
        self.description.configure(text=profile.description)
        for old in self._facts.winfo_children():
            old.destroy()
        card = profile.provenance or {}
        facts = [(name, _share(card, metric)) for metric, name in MEASURES.items()]
        facts += [
            ("Songs", f"{stats.songs:,}"),
            ("Music", clock(stats.duration_s)),
            ("Index", size(stats.file_bytes)),
        ]
        for number, (name, value) in enumerate(fact for fact in facts if fact[1]):
            column = ttk.Frame(self._facts)
            column.pack(side="left", padx=(0 if number == 0 else 28, 0))
            look.label(column, name, use="small", quiet=True).pack(anchor="w")
            look.label(column, value, use="strong").pack(anchor="w")
        self.measured.configure(text=measured_on(card))
        self.table.delete(*self.table.get_children())
        rows = rows_of(card)
        for row in rows:
            self.table.insert("", "end", values=row)
        for widget in (self.table, self._bar, self._empty):
            widget.pack_forget()
        if rows:
            self._bar.pack(side="right", fill="y", padx=(4, 0))
            self.table.pack(side="left", fill="both", expand=True)
        else:
            self._empty.pack(fill="both", expand=True)


async def _asked(client: AsyncClient) -> tuple[Profile, Stats]:
    return await asyncio.gather(client.profile(), client.stats())


def _share(card: Mapping[str, Any], metric: str) -> str:
    """Return a metric of all queries, empty when it was not measured."""
    found = _part(_part(card, "overall"), metric).get("share")
    return percent(found, 2 if found < 0.01 else 1) if _is_number(found) else ""


def measured_on(card: Mapping[str, Any]) -> str:
    """Return what a profile was measured on, or that it was not."""
    n_queries = card.get("n_queries")
    if not _is_number(n_queries):
        return "It was never measured, so that no accuracy can be stated."
    corpus, date = _part(card, "corpus").get("name"), card.get("date")
    of = f" of {corpus}" if isinstance(corpus, str) else ""
    on = f" on {date[:10]}" if isinstance(date, str) else ""
    return f"Measured with {n_queries:,} queries{of}{on}."


def rows_of(card: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return how often songs are recognised in each condition, as cells."""
    metrics = card.get("metrics")
    found = []
    for one in metrics if isinstance(metrics, list) else []:
        if not isinstance(one, Mapping) or one.get("metric") != "accepted_right":
            continue
        numbers = [one.get(name) for name in ("clip_s", "share", "low", "high")]
        if all(map(_is_number, numbers)):
            clip_s, share, low, high = (float(number or 0) for number in numbers)
            interval = f"{percent(low)} to {percent(high)}"
            found.append((str(one.get("condition")), f"{clip_s:g} s", percent(share, 1), interval))
    return found


def _part(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = card.get(name)
    return found if isinstance(found, Mapping) else {}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
