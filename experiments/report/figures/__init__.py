"""Figures of a report: each function returns a figure of its own, in the house's style.

Colours are those of Okabe and Ito: blue is what is good or recommended, orange the baseline,
grey what another configuration beats. Error bars are 95% intervals. Nothing touches pyplot's
state.
"""

from experiments.report.figures.answers import calibration, conditions, det, latency
from experiments.report.figures.configurations import (
    all_conditions,
    interaction,
    parameter,
    pareto,
)
from experiments.report.figures.drawing import DPI, short
from experiments.report.figures.strangers import strangers

__all__ = [
    "DPI",
    "all_conditions",
    "calibration",
    "conditions",
    "det",
    "interaction",
    "latency",
    "parameter",
    "pareto",
    "short",
    "strangers",
]
