"""The page of a report: one HTML file that needs nothing else, a table in CSV, figures as PNG.

Pictures are part of the page. Its little JavaScript sorts and filters the leaderboard; without
it everything is still there to read. Each file is replaced whole: readers see the old one or the
new one.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from rich.console import Console

from experiments import metrics
from experiments.files import write_rows, writing
from experiments.metrics.paired import points
from experiments.report import figures, labels, pictures, sentences, tables, worst
from experiments.report.study import Result, Study
from fpcore import atomic
from fpcore.errors import FpError


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report is."""

    page: Path
    leaderboard: Path
    figures: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything that a page holds; ``sections`` are its pictures by subject.

    ``chosen`` is the result whose failures are shown; those after the pictured ones are only
    described, because of ``not_pictured``.
    """

    study: Study
    board: pd.DataFrame
    chosen: Result
    sections: dict[str, list[pictures.Picture]]
    failures: list[worst.Failure]
    not_pictured: str


def compose(
    study: Study, *, n_failures: int = worst.N_WORST, console: Console | None = None
) -> Report:
    """Return the report of a study.

    The queries of the worst failures are asked once more, to draw how their answers came about.
    Without the audio of the corpus, failures are described but not pictured, and the page says
    so.

    Parameters
    ----------
    study : Study
        The finished trials.
    n_failures : int, at least 0, optional
        How many of the worst failures are shown.
    console : Console, optional
        Where progress is shown while the corpus is prepared; by default standard error.

    Returns
    -------
    Report
        Figures are drawn, nothing is written yet.
    """
    board = tables.leaderboard(study)
    chosen = study.find(next(iter(board.index[board["recommended"]]), None)) or study.results[0]
    failures = worst.titled(study, chosen, worst.worst(chosen, n_failures), console=console)
    not_pictured = ""
    pictured: list[pictures.Picture] = []
    try:
        if failures:
            pictured += pictures.failure(study, chosen, failures, console=console)
    except FpError as error:
        not_pictured = str(error)
    sections = {
        "tradeoff": pictures.tradeoff(board),
        "parameters": pictures.parameter(study, board),
        "robustness": pictures.robustness(study, board),
        "trust": pictures.trust(study, board),
        "cost": pictures.cost(study, board),
        "failures": pictured,
    }
    return Report(study, board, chosen, sections, failures, not_pictured)


def write(report: Report, folder: Path) -> Written:
    """Write ``report.html``, ``leaderboard.csv`` and ``figures/*.png`` into ``folder``.

    Raises
    ------
    RunError
        When the folder cannot be written.
    """
    shown = {name: [_shown(one) for one in found] for name, found in report.sections.items()}
    described = report.failures[len(report.sections["failures"]) :]
    context = _context(report.study, report.board, report.chosen) | {
        "sections": shown,
        "failures": [failure.sentence for failure in described],
        "failed_because": report.not_pictured,
    }
    return _write_all(folder, context, report.board, shown)


def _context(study: Study, board: pd.DataFrame, chosen: Result) -> dict[str, Any]:
    """Return what the template fills in besides pictures and failures."""
    n_hours = chosen.index.get("audio_s", math.nan) / 3600
    return {
        "title": labels.listed(list(study.manifests)),
        "headline": sentences.headline(study, board),
        "reasons": sentences.reasons(study, board),
        "command": sentences.command(study, board),
        "caveats": sentences.caveats(study, board),
        "history": sentences.history(study),
        "several_runs": len(study.manifests) > 1,
        "rows": [_board_row(study, board, str(key)) for key in board.index],
        "failed": {figures.short(key): error for key, error in study.failed.items()},
        "failure_summary": worst.summary(chosen),
        "chosen": f"{figures.short(chosen.key)} ({labels.settings(chosen.swept)})",
        "metrics": metrics.METRICS,
        "rate": labels.percent(study.false_alarm_rate),
        "n_hours": "" if math.isnan(n_hours) else f"{n_hours:.1f}",
        "latency": _latency_rows(pictures.compared(study, board)),
    }


def _board_row(study: Study, board: pd.DataFrame, key: str) -> dict[str, Any]:
    """Return one row of the leaderboard as text, each number with its value to sort by."""
    row = tables.row(board, key)
    difference = bounds = ""
    if not math.isnan(row["difference"]) and not row["baseline"]:
        difference = points(row["difference"])
        bounds = f"{points(row['difference_low'])} to {points(row['difference_high'])}"
    cells = [
        ("accuracy", labels.percent(row["accuracy"]), _bounds(row, "accuracy")),
        ("difference", difference, bounds),
        ("top1", labels.percent(row["top1"]), ""),
        ("same_passage", labels.percent(row["same_passage"]), ""),
        ("false_accept", labels.percent(row["false_accept"]), _bounds(row, "false_accept")),
        ("calibration_error", f"{row['calibration_error']:.3f}", ""),
        ("bytes_per_hour", f"{row['bytes_per_hour'] / 1e6:.2f}", ""),
        ("postings_per_s", f"{row['postings_per_s']:.0f}", ""),
        ("query_p50_s", f"{1e3 * row['query_p50_s']:.1f}", f"{1e3 * row['query_p95_s']:.1f}"),
        ("ingest_x_real_time", f"{row['ingest_x_real_time']:.0f}", ""),
    ]
    result = study.find(key)
    return {
        "key": key,
        "short": figures.short(key),
        "settings": labels.settings(result.swept) if result else "",
        "flags": [flag for flag in ("recommended", "baseline", "pareto") if row[flag]],
        "cells": [
            ("–", "", "") if math.isnan(row[name]) else (text, below, repr(float(row[name])))
            for name, text, below in cells
        ],
    }


def _bounds(row: dict[str, Any], name: str) -> str:
    return labels.interval(row[f"{name}_low"], row[f"{name}_high"])


def _latency_rows(results: dict[str, Result]) -> list[tuple[str, list[str]]]:
    """Return median and 95th percentile of each stage as text, for each of a few results."""
    rows = []
    for name, result in results.items():
        found = metrics.latency(result.timings)
        cells = [
            f"{labels.milliseconds(found['p50_s'][stage])} / "
            f"{labels.milliseconds(found['p95_s'][stage])}"
            for stage in found.index
        ]
        rows.append((name, cells))
    return rows


def _shown(picture: pictures.Picture) -> dict[str, Any]:
    """Return a picture for the template and the folder."""
    return {
        "name": picture.name,
        "title": picture.title,
        "caption": picture.caption,
        "png": picture.png,
        "base64": base64.b64encode(picture.png).decode("ascii"),
        "width_px": picture.width_px,
    }


def _write_all(
    folder: Path, context: dict[str, Any], board: pd.DataFrame, shown: dict[str, Any]
) -> Written:
    source = resources.files("experiments.report").joinpath("page.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(source).render(context)
    with writing(folder):
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for old in (folder / "figures").glob("*.png"):
            if _is_made_by_a_report(old):
                old.unlink()
        paths = []
        for one in (one for section in shown.values() for one in section):
            paths.append(folder / "figures" / f"{one['name']}.png")
            atomic.write_bytes(paths[-1], one["png"])
        table = folder / "leaderboard.csv"
        write_rows(board, table)
        atomic.write_text(folder / "report.html", page)
    return Written(folder / "report.html", table, tuple(paths))


def _is_made_by_a_report(picture: Path) -> bool:
    """Whether a file may be removed: users may keep pictures of their own beside ours."""
    with picture.open("rb") as file:
        return f"tEXtSoftware\0{pictures.MADE_BY}".encode() in file.read(4096)
