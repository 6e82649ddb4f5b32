"""The picture of loops."""

from __future__ import annotations

from experiments.studies.trust.figure import trust_figure
from tests.experiments.studies.trust.made_up import loops


def test_the_picture_shows_every_loop_of_every_size() -> None:
    figure = trust_figure(loops({"n_tracks": 12}, {"n_tracks": 12, "promoted_n_named": 3}))
    won, named = figure.axes
    assert [label.get_text() for label in won.get_xticklabels()] == ["12", "25"]
    points = [collection.get_offsets() for collection in named.collections]
    assert sum(len(one) for one in points) == 2 * 10
