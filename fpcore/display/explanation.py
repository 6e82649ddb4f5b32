"""Explanation page: one figure that shows why a recording was, or was not, taken for a song."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from fpcore import atomic
from fpcore.display.frame import SCREEN_DPI, ShownFigure, new_figure
from fpcore.display.panels import plot_alignment, plot_offset_histogram, plot_overlay
from fpcore.display.style import BLACK, BLUE, GREEN, GREY, PALE, VERMILLION, house_style
from fpcore.display.wording import clock, odds, song_label
from fpcore.errors import FpError
from fpcore.records import AS_LEARNED
from fpcore.search.explain import Explanation, Place
from fpcore.stages.windows import LONGEST_S

WIDTH_IN, HEIGHT_IN = 12.0, 8.6
N_LISTED = 5
SUBTITLED = 20.0
"""Points between a panel and its title, with room for a line of figures."""

_OVERLAY = (0.065, 0.535, 0.655, 0.295)
_ALIGNMENT = (0.065, 0.125, 0.225, 0.3)
_BEST = (0.355, 0.125, 0.235, 0.3)
_RUNNER_UP = (0.605, 0.125, 0.115, 0.3)
_CANDIDATES = (0.765, 0.535, 0.215, 0.295)
_EVIDENCE = (0.765, 0.125, 0.215, 0.3)

HOW_TO_READ = (
    "How to read: a song that is really heard fills most of its circles (1), puts its shared "
    "hashes on one diagonal (2) and so raises one spike above the floor (3).\n"
    "Another song shares hashes by chance: they scatter, and no offset gathers more than a few. "
    "The profile's model turns the evidence on the right into a probability (4)."
)


def verdict(explanation: Explanation) -> str:
    """Return the answer as one sentence; the song's name is shortened to be drawn."""
    if not explanation.matches:
        return f"No match: {explanation.reason}"
    best = explanation.matches[0]
    name = song_label(best)
    if explanation.accepted:
        place = f"“{name}” at {clock(best.offset_s)}"
        if explanation.query_s > LONGEST_S:
            end_s = explanation.window_s[1]
            start_s, song_s = best.begun(explanation.window_s)
            heard = f"heard from {clock(start_s)} to {clock(end_s)}, where it is at {clock(song_s)}"
            place = f"“{name}” {heard}"
        elif best.offset_s <= -0.05:
            place = f"“{name}” begins {-best.offset_s:.1f} s into the recording"
        if best.playback != AS_LEARNED:
            place += f", {best.playback}"
        return f"{place} — confidence {odds(best.confidence)}, {best.votes} votes"
    return (
        f"No match: the best guess, “{name}”, has a probability of {odds(best.probability)}, "
        f"below the threshold {odds(explanation.threshold)}"
    )


def explanation_figure(explanation: Explanation, *, known_wrong: bool = False) -> ShownFigure:
    """Return the page: overlay, hits on the diagonal, offset histograms, candidates and evidence.

    There is a page for every outcome; without a candidate the panels say what is missing.

    Parameters
    ----------
    explanation : Explanation
        The answer and how it came about.
    known_wrong : bool, optional
        Whether the answer is known to be wrong: then its headline says so and is no success.
    """
    with house_style():
        figure = new_figure(WIDTH_IN, HEIGHT_IN, layout="none")
        _heading(figure, explanation, known_wrong=known_wrong)
        _overlay(figure.add_axes(_OVERLAY), explanation)
        if explanation.places:
            _alignment(figure.add_axes(_ALIGNMENT), explanation)
            _histograms(figure, explanation)
            _candidates(figure.add_axes(_CANDIDATES), explanation, known_wrong=known_wrong)
            _evidence(figure.add_axes(_EVIDENCE), explanation)
        else:
            _nothing(figure)
        figure.text(0.022, 0.016, HOW_TO_READ, color=GREY, fontsize=9, linespacing=1.4)
    return figure


def save_explanation(explanation: Explanation, path: str | Path) -> None:
    """Write the page as a PNG of 1200 pixels' width; the old file stays until it is done.

    The same explanation gives the same bytes. Of a link it is the target that is written.

    Raises
    ------
    FpError
        When the file cannot be written, or the path is a folder, a pipe or a device.
    """
    check_target(path)
    content = io.BytesIO()
    with house_style():
        canvas = FigureCanvasAgg(explanation_figure(explanation))
        canvas.print_png(content, metadata={"Software": None})  # type: ignore[no-untyped-call]
    try:
        atomic.write_bytes(Path(path), content.getvalue())
    except OSError as error:
        raise FpError(
            f"cannot write the picture {path}: {error.strerror}: name a file in a folder that "
            "exists and that you may write to"
        ) from None


def check_target(path: str | Path) -> None:
    """Raise `FpError` when there is something at ``path`` that is no regular file.

    A file that is renamed over a pipe or a device takes it away from everybody.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise FpError(f"{path} is no regular file: name a file for the picture")


def _heading(figure: Figure, explanation: Explanation, *, known_wrong: bool) -> None:
    is_wrong = known_wrong and explanation.accepted
    colour = GREEN if explanation.accepted and not is_wrong else VERMILLION
    said = f"Wrong: {verdict(explanation)}" if is_wrong else verdict(explanation)
    title = figure.text(
        0.022, 0.947, said, fontsize=16, weight="bold", color=colour,
        parse_math=False,
    )  # fmt: skip
    _fit(title, 0.955 * WIDTH_IN * SCREEN_DPI)
    summary = figure.text(0.022, 0.912, _summary(explanation), fontsize=10.5, color="#333333")
    _fit(summary, 0.955 * WIDTH_IN * SCREEN_DPI)


def _summary(explanation: Explanation) -> str:
    """Return in words what the answer rests on."""
    start_s, end_s = explanation.window_s
    heard = f"{end_s - start_s:.1f} s of recording"
    if explanation.left_out_s:
        heard += f", with {explanation.left_out_s:.1f} s left out,"
    looked_up = f"{heard} gave {explanation.n_hashes} hashes"
    if start_s or end_s < explanation.query_s / explanation.playback.tempo:
        looked_up = f"From {clock(start_s)} to {clock(end_s)}, {looked_up}"
    if not explanation.places:
        return f"{looked_up}; there is nothing to compare."
    best, *others = explanation.places
    chance = f" ({others[0].match.votes} in the runner-up)" if others else ""
    return (
        f"{looked_up}; {best.match.votes} agree on one offset in this song{chance}, and "
        f"{_found(best)} of the {best.evidence.expected} song peaks there are found again."
    )


def _found(place: Place) -> int:
    return int(np.count_nonzero(place.peaks.found))


def _overlay(ax: Axes, explanation: Explanation) -> None:
    plot_overlay(ax, explanation)
    ax.set_title("1  Are the song's peaks in the recording?", pad=SUBTITLED)
    if not len(explanation.query.query_s):
        _note(ax, "no peaks")


def _alignment(ax: Axes, explanation: Explanation) -> None:
    best = explanation.places[0]
    plot_alignment(ax, best, query_s=explanation.query_s)
    ax.set_title("2  Do shared hashes line up?", pad=SUBTITLED)
    _subtitle(ax, f"{len(best.aligned)} hits on the line, {len(best.scattered)} elsewhere")


def _histograms(figure: Figure, explanation: Explanation) -> None:
    """Draw the histograms of the best song and the runner-up on one scale of votes."""
    best, *others = explanation.places
    ax = figure.add_axes(_BEST)
    plot_offset_histogram(ax, best.histogram, offset_s=best.match.offset_s)
    ax.set_title("3  Does one offset stand out?", pad=SUBTITLED)
    elsewhere = best.histogram.highest_elsewhere(best.match.offset_s)
    _subtitle(
        ax, f"{best.match.votes} votes at {clock(best.match.offset_s)}, elsewhere ≤ {elsewhere}"
    )
    beside = figure.add_axes(_RUNNER_UP, sharey=ax)
    if others:
        runner_up = others[0]
        top = ax.get_ylim()[1]
        plot_offset_histogram(
            beside, runner_up.histogram, offset_s=runner_up.match.offset_s, colour=VERMILLION
        )
        ax.set_ylim(0, max(top, ax.get_ylim()[1]))
        beside.set(xlabel="", ylabel="")
        beside.xaxis.get_major_locator().set_params(nbins=2)  # type: ignore[call-arg]
        _subtitle(beside, f"runner-up: {runner_up.match.votes}")
    else:
        beside.set_xticks([])
        _note(beside, "no other\nsong shares\na hash")
    beside.tick_params(labelleft=False)


def _candidates(ax: Axes, explanation: Explanation, *, known_wrong: bool) -> None:
    """Draw the likeliest songs as bars of probability against the threshold."""
    listed = explanation.matches[:N_LISTED]
    ax.set_title("4  Candidates and the threshold", pad=SUBTITLED)
    for row, match in enumerate(listed):
        accepted = VERMILLION if known_wrong else GREEN
        colour = accepted if match.accepted and row == 0 else (BLUE if row == 0 else GREY)
        ax.barh(row, match.probability, height=0.26, color=colour)
        name = ax.text(
            0, row - 0.24, song_label(match, max_width=30), fontsize=9, color=BLACK,
            weight="bold" if row == 0 else "normal", parse_math=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip
        _fit(name, 0.8 * _CANDIDATES[2] * WIDTH_IN * SCREEN_DPI)
        ax.text(1.0, row - 0.24, odds(match.probability), fontsize=9, ha="right")
    ax.axvline(explanation.threshold, color=VERMILLION, linewidth=1.3, dashes=(4, 2), zorder=0)
    kind = "probability" if explanation.calibrated else "uncalibrated probability"
    ax.set(
        xlim=(0, 1),
        ylim=(N_LISTED - 0.5, -0.75),
        yticks=[],
        xlabel=f"{kind} (threshold {odds(explanation.threshold)}, dashed)",
    )
    ax.spines["left"].set_color(PALE)


def _evidence(ax: Axes, explanation: Explanation) -> None:
    """Write the evidence for the best song beside that for the runner-up."""
    ax.set_axis_off()
    ax.set_title("Evidence")
    style: dict[str, Any] = {"transform": ax.transAxes, "fontsize": 9}
    places = explanation.places
    columns = [0.5, 1.0][: len(places)]
    for place_x, heading in zip(columns, ("best song", "runner-up"), strict=False):
        ax.text(place_x, 0.93, heading, ha="right", color=GREY, **style)
    tables = [place.evidence.rows() for place in places]
    for row, (label, _) in enumerate(tables[0]):
        y = 0.85 - 0.14 * row
        ax.text(0, y, label, color=GREY, **style)
        for place_x, table in zip(columns, tables, strict=True):
            ax.text(
                place_x, y - 0.067, table[row][1], ha="right", weight="bold", color=BLACK, **style
            )


def _nothing(figure: Figure) -> None:
    """Say in the place of the other panels that there is no candidate to draw."""
    panels = (
        (_ALIGNMENT, "2  Do shared hashes line up?"),
        (_BEST, "3  Does one offset stand out?"),
        (_CANDIDATES, "4  Candidates and the threshold"),
    )
    for box, title in panels:
        ax = figure.add_axes(box, xticks=[], yticks=[])
        ax.set_title(title, pad=SUBTITLED)
        ax.spines[:].set_color(PALE)
        _note(ax, "no candidate")


def _note(ax: Axes, text: str) -> None:
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=GREY)


def _subtitle(ax: Axes, text: str) -> None:
    ax.text(0, 1.02, text, transform=ax.transAxes, fontsize=9, color=GREY, va="bottom")


def _fit(text: Text, width_px: float) -> None:
    """Make a text's letters smaller until it is at most ``width_px`` wide."""
    # Hinting moves letters to whole pixels, so that width is not in proportion to size.
    while (drawn_px := text.get_window_extent().width) > width_px:
        text.set_fontsize(float(text.get_fontsize()) * min(width_px / drawn_px, 0.98))
