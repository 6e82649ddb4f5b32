"""Answer: what is told of a song that is played otherwise, and of none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clients.desktop.widgets.answer import AnswerCard
from clients.rest import Recognition, ServedProfile, Times
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.views.test_recognise import labels


def recognition(**changes: Any) -> Recognition:
    """Return an answer."""
    given = {
        "matched": True, "song_id": 1, "song_name": "Aria", "matches": 1234, "confidence": 0.9999,
        "offset_s": 61.0, "start_s": 0.0, "end_s": 8.0, "song_offset_s": 61.2, "pitch": 1.0,
        "tempo": 1.0, "candidates": (), "appearances": None, "query_s": 8.0, "hashes": 9,
        "warning": None, "profile": ServedProfile("p", "d"), "times": Times(0, 0, 0, 0, 0.25),
    }  # fmt: skip
    return Recognition(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ["Confidence", "99%", "Matches", "1,234", "Answered in", "0.25 s"]),
        ({"tempo": 1.02, "pitch": 1.02}, ["Speed", "+2.0%"]),
        ({"tempo": 0.94}, ["Tempo", "-6.0%"]),
        ({"pitch": 1.06}, ["Pitch", "+6.0%"]),
        ({"warning": "cut off"}, ["Cut off."]),
        ({"matched": False, "song_name": None}, ["No song of this server"]),
    ],
)
def test_an_answer_is_told_in_words(
    changes: dict[str, Any], told: list[str], desk: Callable[..., Desk]
) -> None:
    card = AnswerCard(desk("http://nobody.invalid").window, explain=lambda: None)
    card.show(recognition(**changes))
    shown = [one.cget("text") for one in labels(card)]
    assert [one for one in shown if one in told] == told
    assert ("Heard from 1:01 of the song on" in shown) == ("matched" not in changes)
    card.clear()
    assert card.name is None
