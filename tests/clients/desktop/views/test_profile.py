"""Profile: what is served, as its model card says it, whatever that lacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.desktop.views.profile import measured_on, rows_of
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import pretending
from tests.clients.desktop.views.test_recognise import labels

PRESET = Path(__file__).resolve().parents[4] / "fpcore" / "presets" / "balanced.json"


def test_the_card_of_a_preset_is_shown(desk: Callable[..., Desk]) -> None:
    preset = json.loads(PRESET.read_text(encoding="utf-8"))
    with pretending() as server:
        server.says("/profile", 200, {"digest": "d", **preset})
        open_desk = desk(server.address)
        view = open_desk.profile
        open_desk.window.show("ProfileView")
        open_desk.until(lambda: view.name.cget("text") == "balanced")
        told = [one.cget("text") for one in labels(view)]
        assert "Recognised and right" in told and "98.4%" in told
        assert view.measured.cget("text") == (
            "Measured with 12,800 queries of debian-games on 2026-11-23."
        )
        cards = len(rows_of(preset["provenance"]))
        assert len(view.table.get_children()) == cards > 10


@pytest.mark.parametrize(
    "card",
    [{}, {"overall": 7, "metrics": {}}, {"metrics": [7, {"metric": "accepted_right"}]}],
)
def test_what_a_card_lacks_is_left_out(card: dict[str, Any]) -> None:
    assert rows_of(card) == []
    assert measured_on(card) == "It was never measured, so that no accuracy can be stated."
