"""Figures of the pipeline's stages and of how an answer came about. Needs matplotlib.

Functions named ``plot_*`` draw on Axes that the caller made, in any style; those named
``*_figure`` return a figure of their own, in the house's style. Nothing here touches pyplot's
state, so figures may be made in a service or a worker. Nothing below
`fpcore.library` imports it, and that only when it is to draw.
"""

from fpcore.display.explanation import explanation_figure, save_explanation, verdict
from fpcore.display.panels import plot_alignment, plot_offset_histogram, plot_overlay
from fpcore.display.stages import (
    plot_constellation,
    plot_pairs,
    plot_spectrogram,
    spectrogram_figure,
)

__all__ = [
    "explanation_figure",
    "plot_alignment",
    "plot_constellation",
    "plot_offset_histogram",
    "plot_overlay",
    "plot_pairs",
    "plot_spectrogram",
    "save_explanation",
    "spectrogram_figure",
    "verdict",
]
