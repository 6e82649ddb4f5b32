"""Figures of a comparison: every system at its place, families told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.studies.peers import figures
from experiments.studies.peers.workbench import FAMILY

FAMILIES = {"lean": FAMILY, "rich": FAMILY, "peer 1/2": "peer", "peer 3/4": "peer"}
SHARES = {"lean": 0.9, "rich": 1.0, "peer 1/2": 0.0, "peer 3/4": 0.5}

COSTS = pd.DataFrame(
    {"bytes_per_hour": [3e6, 24e6, 1e6, 2e6], "postings_per_s": [48.0, 400.0, 20.0, 150.0]},
    index=pd.Index(FAMILIES, name="system"),
)


def accuracy(*conditions: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "system": system, "decision": decision, "clip_s": 5.0, "condition": condition,
                "metric": metric, "share": share if decision == "fixed" else 0.123,
                "low": max(share - 0.1, 0), "high": min(share + 0.1, 1),
            }
            for system, share in SHARES.items()
            for decision in ("own", "fixed")
            for condition in ("all", *conditions)
            for metric in ("accepted_right", "top1")
        ]
    )  # fmt: skip


def drawn(figure: Figure, panel: int) -> dict[str, list[tuple[float, float]]]:
    """Return the points of each family in a panel."""
    found = {}
    for container in figure.axes[panel].containers:
        line = container[0]
        points = np.column_stack([line.get_xdata(), line.get_ydata()]).round(6)
        found[str(container.get_label())] = [(float(x), float(y)) for x, y in points]
    return found


def test_every_system_stands_at_its_size_and_its_accuracy_at_the_fixed_threshold() -> None:
    figure = figures.accuracy_against_size(
        accuracy("clean"), COSTS, families=FAMILIES, clip_s=5.0, false_alarm_rate=0.005
    )
    assert drawn(figure, 0) == {
        FAMILY: [(3.0, 90.0), (24.0, 100.0)],
        "peer": [(1.0, 0.0), (2.0, 50.0)],
    }
    assert drawn(figure, 1)["peer"] == [(20.0, 0.0), (150.0, 50.0)]
    names = [text.get_text() for text in figure.axes[0].texts]
    assert names == ["lean", "rich", "1/2", "3/4"]


@pytest.mark.parametrize("n", [1, 2, 4, 8])
def test_every_condition_has_a_panel(n: int, tmp_path: Path) -> None:
    conditions = [f"condition {i}" for i in range(n)]
    figure = figures.by_condition(
        accuracy(*conditions), COSTS, families=FAMILIES, clip_s=5.0, false_alarm_rate=0.005
    )
    figure.savefig(tmp_path / "conditions.png")
    panels = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in panels] == conditions
    assert all(drawn(figure, i)[FAMILY][0] == (3.0, 90.0) for i in range(n))


def test_families_differ_in_more_than_colour() -> None:
    figure = figures.accuracy_against_size(
        accuracy("clean"), COSTS, families=FAMILIES, clip_s=5.0, false_alarm_rate=0.005
    )
    ours, theirs = (container[0] for container in figure.axes[0].containers)
    assert ours.get_marker() != theirs.get_marker()
    assert ours.get_linestyle() != theirs.get_linestyle()
