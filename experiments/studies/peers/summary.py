"""Summary of a finished comparison: tables and figures from its rows, written into its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from experiments import provenance
from experiments.files import write_picture, write_rows, writing
from experiments.studies.peers import figures, tables
from experiments.studies.peers.record import ComparisonFolder


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """The tables ``accuracy`` and ``costs`` of `experiments.studies.peers.tables`, with notes.

    ``notes`` are sentences about what the queries are too few to show.
    """

    accuracy: pd.DataFrame
    costs: pd.DataFrame
    notes: tuple[str, ...]


def summarise(record: ComparisonFolder) -> Summary:
    """Make the tables and figures of a finished comparison, and write them into its folder.

    Systems and conditions come in the order in which they were asked for.
    """
    settings = record.manifest()["settings"]
    families = {name: system["family"] for name, system in settings["systems"].items()}
    systems = list(families)
    false_alarm_rate = settings["false_alarm_rate"]
    orders = {
        "system": systems,
        "condition": [condition["name"] for condition in settings["plan"]["conditions"]],
    }
    outcomes = record.rows("outcomes").sort_values(
        list(orders),
        key=lambda column: column.map(orders[str(column.name)].index),
        kind="stable",
    )
    accuracy = tables.accuracy(outcomes, false_alarm_rate)
    costs = tables.costs(
        systems,
        songs=record.songs(),
        indexes=record.rows("indexes"),
        outcomes=outcomes,
        deaths=record.rows("deaths"),
    )
    with writing(record.folder):
        write_rows(accuracy, record.folder / "accuracy.csv")
        write_rows(costs.reset_index(), record.folder / "costs.csv")
        _write_figures(record, accuracy, costs, families, false_alarm_rate)
    record.finish({"finished": provenance.now()})
    return Summary(accuracy, costs, _notes(outcomes, systems, false_alarm_rate))


def _write_figures(
    record: ComparisonFolder,
    accuracy: pd.DataFrame,
    costs: pd.DataFrame,
    families: Mapping[str, str],
    false_alarm_rate: float,
) -> None:
    for clip_s in sorted(accuracy["clip_s"].unique()):
        for name, draw in (
            ("accuracy-size", figures.accuracy_against_size),
            ("conditions", figures.by_condition),
        ):
            figure = draw(
                accuracy,
                costs,
                families=families,
                clip_s=clip_s,
                false_alarm_rate=false_alarm_rate,
            )
            write_picture(figure, record.folder / f"{name}-{clip_s:g}s.png")


def _notes(
    outcomes: pd.DataFrame, systems: Sequence[str], false_alarm_rate: float
) -> tuple[str, ...]:
    """Return each distinct thing that the calibration queries are too few to show."""
    found: dict[str, None] = {}
    for system in systems:
        one = tables.threshold(outcomes[outcomes["system"] == system], false_alarm_rate)
        if not one.supported:
            found[
                f"Calibration: only {one.false_alarms.n} queries of left-out songs, where "
                f"{false_alarm_rate:.1%} false alarms need {one.n_negatives_needed} to allow a "
                "single one; thresholds lie above all of them."
            ] = None
    return tuple(found)
