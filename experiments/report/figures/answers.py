"""Figures of a few configurations in depth: accuracy by condition, errors, calibration, time.

Each function takes the results to compare by the names they get in the legend, at most as many as
there are colours (`drawing.SERIES`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from scipy.special import ndtri

from experiments import metrics
from experiments.report import tables
from experiments.report.figures.drawing import DPI, FAINT, MARKERS, reach
from experiments.report.study import Result
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, GREEN, GREY, ORANGE, PALE, SERIES, house_style

_DET_TICKS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.98)
_DET_TOP = 0.98
_STAGE_NAMES = {"decode": "decode", "fingerprint": "fingerprint", "lookup": "look-up",
                "align": "align"}  # fmt: skip


def conditions(results: Mapping[str, Result]) -> Figure:
    """Draw accuracy per degradation, a panel per clip length, with Wilson intervals.

    Conditions are sorted by the accuracy of the first result, the hardest at the bottom.
    """
    cells = {name: tables.conditions([result]) for name, result in results.items()}
    first = next(iter(cells.values()))
    order = first.groupby("condition")["share"].mean().sort_values(kind="stable").index.tolist()
    lengths = sorted(first["clip_s"].unique())
    with house_style():
        figure = new_figure(max(7.0, 3.0 + 3.7 * len(lengths)), 1.7 + 0.42 * len(order), dpi=DPI)
        axes = figure.subplots(1, len(lengths), sharey=True, squeeze=False)[0]
        for ax, clip_s in zip(axes, lengths, strict=True):
            for row, (name, found) in enumerate(cells.items()):
                one = found[found["clip_s"] == clip_s].set_index("condition").reindex(order)
                share = one["share"].to_numpy(float)
                bars = reach(share, one["low"].to_numpy(), one["high"].to_numpy())
                y = np.arange(len(order)) + 0.2 * ((len(cells) - 1) / 2 - row)
                ax.errorbar(
                    100 * share, y, xerr=100 * bars, fmt=MARKERS[row], color=SERIES[row],
                    markersize=6, markeredgecolor=BLACK, markeredgewidth=0.5, capsize=2.5,
                    label=name,
                )  # fmt: skip
            n = int(first.loc[first["clip_s"] == clip_s, "n"].max())
            ax.set_title(f"{clip_s:g} s clips, {n} queries a condition")
            ax.set(xlim=(-2, 102), xlabel="accepted and right [%]")
            ax.set_yticks(range(len(order)), order)
            ax.grid(True, color=FAINT)
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=3)
    return figure


def det(results: Mapping[str, Result]) -> Figure:
    """Draw miss rate against false-alarm rate, both on the scale of normal deviates.

    A marker stands at each trial's own threshold. Grey marks false-alarm rates at which less than
    one of the queries of unknown songs is accepted: so few queries cannot show them.
    """
    with house_style():
        figure = new_figure(6.6, 6.4, dpi=DPI)
        ax = figure.subplots()
        indexed = [result.outcomes["indexed"].to_numpy(bool) for result in results.values()]
        n_negatives = max(int((~one).sum()) for one in indexed)
        left = _lowest(n_negatives)
        bottom = _lowest(max(int(one.sum()) for one in indexed))
        for row, (name, result) in enumerate(results.items()):
            curve = metrics.det_curve(result.outcomes)
            x = ndtri(curve["false_alarm_rate"].clip(left, _DET_TOP))
            y = ndtri(curve["miss_rate"].clip(bottom, _DET_TOP))
            ax.step(x, y, where="post", color=SERIES[row], linewidth=2, label=name)
            share = metrics.overall(result.outcomes, result.threshold)["share"]
            ax.plot(
                ndtri(np.clip(share["false_accept"], left, _DET_TOP)),
                ndtri(np.clip(1 - share["accepted_right"], bottom, _DET_TOP)),
                marker=MARKERS[row], color=SERIES[row], markeredgecolor=BLACK, markersize=9,
                linestyle="none", clip_on=False, zorder=5,
            )  # fmt: skip
        _mark_unmeasurable(ax, left, n_negatives)
        for axis, low in ((ax.xaxis, left), (ax.yaxis, bottom)):
            ticks = [tick for tick in _DET_TICKS if low <= tick <= _DET_TOP]
            axis.set_ticks(ndtri(ticks), [f"{100 * tick:g}" for tick in ticks])
        ax.set(
            xlim=(ndtri(left), ndtri(0.9)),
            ylim=(ndtri(bottom), ndtri(_DET_TOP)),
            xlabel="false alarms [% of queries of unknown songs]",
            ylabel="misses [% of queries of indexed songs]",
        )
        ax.grid(True, color=FAINT)
        figure.legend(loc="outside upper center", ncols=2, fontsize=9)
    return figure


def _lowest(n: int) -> float:
    """Return the rate at which an axis begins when ``n`` queries were counted."""
    return max(min(0.5 / max(n, 1), 0.02), 0.0005)


def _mark_unmeasurable(ax: Axes, left: float, n_negatives: int) -> None:
    if not n_negatives or 1 / n_negatives <= left:
        return
    one = ndtri(min(1 / n_negatives, _DET_TOP))
    ax.axvspan(
        ndtri(left), one, color="#F0F0F0", zorder=0, label=f"less than one of {n_negatives} queries"
    )
    ax.axvline(one, color=GREY, linestyle=":", linewidth=1.2)


def calibration(results: Mapping[str, Result]) -> Figure:
    """Draw the share that is right against the stated probability, and the queries behind it."""
    with house_style():
        figure = new_figure(6.6, 6.4, dpi=DPI)
        ax, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
        ax.plot([0, 1], [0, 100], color=GREY, linestyle=":", linewidth=1.3, label="as stated")
        for row, (name, result) in enumerate(results.items()):
            curve = metrics.calibration_curve(result.outcomes)
            share = curve["share"].to_numpy(float)
            bars = reach(share, curve["low"].to_numpy(), curve["high"].to_numpy())
            error = metrics.calibration_error(curve)
            ax.errorbar(
                curve["probability"], 100 * share, yerr=100 * bars, color=SERIES[row],
                marker=MARKERS[row], markeredgecolor=BLACK, markeredgewidth=0.5, capsize=2.5,
                linewidth=1.2, label=f"{name} (error {error:.3f})",
            )  # fmt: skip
            width = 0.085 / len(results)
            shift = 0.05 + width * (row - (len(results) - 1) / 2)
            below.bar(curve["from_probability"] + shift, curve["n"], width, color=SERIES[row])
        ax.set(ylim=(-3, 103), ylabel="right among them [%]")
        figure.legend(loc="outside upper center", ncols=2, fontsize=9)
        ax.grid(True, color=FAINT)
        below.set(
            xlim=(-0.02, 1.02), yscale="symlog", ylabel="queries",
            xlabel="stated probability of the best candidate",
        )  # fmt: skip
        below.yaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:g}"))
    return figure


def latency(results: Mapping[str, Result]) -> Figure:
    """Draw the median time of each stage as a stacked bar, and the 95th percentile of the sum."""
    found = {name: metrics.latency(result.timings) for name, result in results.items()}
    names = list(found)
    with house_style():
        figure = new_figure(9.0, 1.5 + 0.5 * len(names), dpi=DPI)
        ax = figure.subplots()
        left = np.zeros(len(names))
        for stage, colour in zip(metrics.STAGES, (PALE, BLUE, ORANGE, GREEN), strict=True):
            ms = np.nan_to_num(1e3 * np.array([t["p50_s"][stage] for t in found.values()], float))
            ax.barh(
                names, ms, left=left, color=colour, edgecolor="white", height=0.55,
                label=_STAGE_NAMES[stage],
            )  # fmt: skip
            left += ms
        late = 1e3 * np.array([times["p95_s"]["total"] for times in found.values()], float)
        ax.plot(
            late, names, linestyle="none", marker="|", markersize=18, markeredgewidth=2,
            color=BLACK, label="95th percentile of the sum",
        )  # fmt: skip
        ax.invert_yaxis()
        ax.set_xlim(left=0)
        ax.set_xlabel("time of a query by stage, median [ms]")
        handles, labelled = ax.get_legend_handles_labels()
        in_order = [*range(1, len(handles)), 0]
        figure.legend(
            [handles[i] for i in in_order], [labelled[i] for i in in_order],
            loc="outside upper center", ncols=5, fontsize=9,
        )  # fmt: skip
    return figure
