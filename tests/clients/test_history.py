"""History: kept, shared, and never lost."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from clients import history
from clients.history import Entry, History

ENTRY = Entry("2026-11-29T12:00:00+00:00", "Microphone", 7, "Été", 0.98, 12.5)
NONE = Entry("2026-11-29T12:01:00+00:00", "a.wav", None, None, 0.0, None)


def test_answers_are_there_again_the_last_first(tmp_path: Path) -> None:
    kept = History(tmp_path)
    kept.add(ENTRY)
    kept.add(NONE)
    again = History(tmp_path)
    assert list(again.entries) == [NONE, ENTRY] and again.note == ""
    again.clear()
    assert list(History(tmp_path).entries) == []


def test_windows_that_share_a_file_keep_the_answers_of_each_other(tmp_path: Path) -> None:
    first, second = History(tmp_path), History(tmp_path)
    first.add(ENTRY)
    second.add(NONE)
    assert list(History(tmp_path).entries) == [NONE, ENTRY]


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    kept = History(tmp_path, max_entries=2)
    for number in range(3):
        kept.add(replace(ENTRY, song_id=number))
    assert [one.song_id for one in History(tmp_path).entries] == [2, 1]


def told(**changes: object) -> str:
    entry = {**asdict(ENTRY), **changes}
    return json.dumps({"format": "fpdesk history 1", "entries": [entry]})


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"half": ',
        "[]",
        '{"format": "fpdesk history 2", "entries": []}',
        '{"format": "fpdesk history 1"}',
        '{"format": "fpdesk history 1", "entries": [7]}',
        told(asked_at="yesterday"),
        told(song_id="7"),
        told(song_id=True),
        told(confidence=None),
        told(more=1),
    ],
)
def test_a_file_that_is_damaged_or_of_another_is_set_aside(content: str, tmp_path: Path) -> None:
    (tmp_path / history.FILE).write_text(content)
    kept = History(tmp_path)
    assert list(kept.entries) == []
    (aside,) = tmp_path.iterdir()
    assert str(aside) in kept.note and aside.read_text() == content
    kept.add(ENTRY)
    assert list(History(tmp_path).entries) == [ENTRY]
    assert aside.read_text() == content
