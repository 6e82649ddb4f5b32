"""Preferences: kept, and set aside when they cannot be read; those of the desktop as example."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clients import preferences
from clients.desktop.preferences import Preferences


def test_what_was_chosen_is_there_again(tmp_path: Path) -> None:
    assert preferences.load(Preferences, tmp_path) == (Preferences(), "")
    chosen = Preferences("http://a", "é", 10, "x", is_dark=True, is_local=True)
    preferences.save(chosen, tmp_path)
    assert preferences.load(Preferences, tmp_path) == (chosen, "")


def test_what_another_version_says_more_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / preferences.FILE).write_text(json.dumps({"is_dark": True, "new": 1}))
    assert preferences.load(Preferences, tmp_path) == (Preferences(is_dark=True), "")


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"address": 7}', '{"is_dark": 1}', '{"recording_s": 7}']
)
def test_what_cannot_be_used_is_kept_under_another_name(content: str, tmp_path: Path) -> None:
    (tmp_path / preferences.FILE).write_text(content)
    found, note = preferences.load(Preferences, tmp_path)
    assert found == Preferences()
    (kept,) = tmp_path.iterdir()
    assert str(kept) in note and kept.read_text() == content
