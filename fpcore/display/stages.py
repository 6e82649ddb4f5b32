"""Pictures of what each stage makes of a sound: spectrogram, constellation, pairs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from fpcore.display.frame import new_figure
from fpcore.display.style import BLUE, ORANGE, house_style
from fpcore.records import Landmarks, Peaks, Spectrogram

TIME_LABEL = "time [s]"
FREQUENCY_LABEL = "frequency [Hz]"
QUIET_DB = -40.0


def plot_spectrogram(
    ax: Axes, spectrogram: Spectrogram, *, range_db: float = 80.0, cmap: str = "magma"
) -> AxesImage:
    """Draw levels as colour.

    The scale ends no lower than `QUIET_DB`, so that silence is not drawn as loud as music.
    Every frame is drawn from its own time to the next one's, and every bin around its
    frequency. A spectrogram without frames leaves the Axes blank.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    spectrogram : Spectrogram
        The levels.
    range_db : float
        The scale reaches from the loudest level to this many dB below it.
    cmap : str
        Name of a matplotlib colour map.

    Returns
    -------
    AxesImage
        What was drawn.
    """
    level_db = spectrogram.level_db.T
    n_bins, n_frames = level_db.shape
    left_s = spectrogram.first_frame * spectrogram.hop_s
    bottom_hz = (spectrogram.first_bin - 0.5) * spectrogram.bin_hz
    right_s = left_s + max(n_frames, 1) * spectrogram.hop_s
    top_hz = bottom_hz + n_bins * spectrogram.bin_hz
    top_db = float(level_db.max(initial=QUIET_DB))
    image = ax.imshow(
        level_db if n_frames else np.full((1, 1), np.nan),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(left_s, right_s, bottom_hz, top_hz),
        cmap=cmap,
        vmin=top_db - range_db,
        vmax=top_db,
    )
    ax.set(xlabel=TIME_LABEL, ylabel=FREQUENCY_LABEL)
    return image


def plot_constellation(
    ax: Axes,
    peaks: Peaks,
    *,
    hop_s: float,
    bin_hz: float,
    colour: str = BLUE,
    label: str | None = None,
) -> PathCollection:
    """Draw each peak as a dot at the time of its frame and the frequency of its bin.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    peaks : Peaks
        The constellation.
    hop_s : float
        Seconds from one frame to the next.
    bin_hz : float
        Hertz from one bin to the next.
    colour : str
        Colour of the dots, as matplotlib takes it.
    label : str, optional
        What a legend says of them.

    Returns
    -------
    PathCollection
        What was drawn.
    """
    dots = ax.scatter(
        peaks.frame * hop_s,
        peaks.bin * bin_hz,
        s=14,
        c=colour,
        edgecolors="white",
        linewidths=0.4,
        label=label,
        zorder=3,
    )
    ax.set(xlabel=TIME_LABEL, ylabel=FREQUENCY_LABEL)
    return dots


def plot_pairs(
    ax: Axes,
    landmarks: Landmarks,
    *,
    hop_s: float,
    bin_hz: float,
    colour: str = ORANGE,
    label: str | None = None,
) -> LineCollection:
    """Draw each pair as a line from its anchor to its target.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    landmarks : Landmarks
        The pairs.
    hop_s : float
        Seconds from one frame to the next.
    bin_hz : float
        Hertz from one bin to the next.
    colour : str
        Colour of the lines, as matplotlib takes it.
    label : str, optional
        What a legend says of them.

    Returns
    -------
    LineCollection
        What was drawn.
    """
    start_s = landmarks.anchor_frame * hop_s
    end_s = (landmarks.anchor_frame + landmarks.delta_frames) * hop_s
    starts = np.column_stack([start_s, landmarks.anchor_bin * bin_hz])
    ends = np.column_stack([end_s, landmarks.target_bin * bin_hz])
    lines = draw_lines(ax, starts, ends, colour=colour, alpha=0.6, label=label)
    ax.set(xlabel=TIME_LABEL, ylabel=FREQUENCY_LABEL)
    return lines


def draw_lines(
    ax: Axes,
    starts: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    ends: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    *,
    colour: str,
    alpha: float,
    label: str | None = None,
) -> LineCollection:
    """Draw lines between points as one collection.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    starts, ends : float64 (m, 2)
        Points (x, y) in the units of the Axes.
    colour : str
        Colour of the lines, as matplotlib takes it.
    alpha : float
        Opacity from 0 to 1.
    label : str, optional
        What a legend says of them.

    Returns
    -------
    LineCollection
        What was drawn.
    """
    segments = np.stack([starts, ends], axis=1)
    lines = LineCollection(
        list(segments), colors=colour, linewidths=0.8, alpha=alpha, label=label or "", zorder=2
    )
    ax.add_collection(lines)
    ax.autoscale_view()
    return lines


def spectrogram_figure(spectrogram: Spectrogram, *, peaks: Peaks | None = None) -> Figure:
    """Return a spectrogram with its scale in decibels, and its peaks when they are given."""
    with house_style():
        figure = new_figure(12, 4.5, layout="none")
        ax = figure.add_axes((0.065, 0.13, 0.84, 0.78))
        image = plot_spectrogram(ax, spectrogram)
        scale = figure.colorbar(image, cax=figure.add_axes((0.92, 0.13, 0.015, 0.78)))
        scale.set_label("level [dB re full scale]")
        title = f"{spectrogram.level_db.shape[0]} frames, {spectrogram.hop_s * 1000:.0f} ms apart"
        if peaks is not None:
            plot_constellation(
                ax, peaks, hop_s=spectrogram.hop_s, bin_hz=spectrogram.bin_hz, colour="#56B4E9"
            )
            title += f"; {len(peaks)} peaks"
        ax.set_title(title)
    return figure
