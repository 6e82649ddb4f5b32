"""Corpora, degradations, sweeps, metrics and reports: what tunes a profile and promotes it.

`load_runs` reads finished runs as data frames; see `experiments.report.runs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.report.runs import load_runs

__all__ = ["load_runs"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that commands start at once."""
    if name != "load_runs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module("experiments.report.runs").load_runs
