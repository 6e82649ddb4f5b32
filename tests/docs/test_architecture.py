"""The picture of the rooms is that of today's imports, and the page beside it has every room."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "docs" / "architecture.py"
PICTURE = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_picture_is_what_the_command_draws_now(tmp_path: Path, hash_seed: str) -> None:
    drawn = tmp_path / "drawn.svg"
    subprocess.run(
        [sys.executable, str(PROGRAM), str(drawn)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        check=True,
    )
    assert drawn.read_text(encoding="utf-8") == PICTURE, "imports have changed: make architecture"


def test_arrows_that_follow_from_others_are_left_out() -> None:
    reduced = runpy.run_path(str(PROGRAM))["reduced"]
    imports = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set(), "e": {"d"}}
    kept = {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set(), "e": {"d"}}
    assert reduced(imports) == kept


def test_no_two_rooms_of_the_picture_overlap() -> None:
    houses = re.findall(r'<g class="\w+".*?</g>', PICTURE, re.DOTALL)
    assert len(houses) == 5
    for house in houses:
        boxes = re.findall(r'class="room" x="(\d+)" y="(\d+)" width="(\d+)"', house)
        ordered = sorted((int(y), int(x), int(width)) for x, y, width in boxes)
        for (y, x, width), (next_y, next_x, _) in pairwise(ordered):
            assert y != next_y or x + width < next_x


def test_the_page_describes_every_room_of_the_picture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| \[(\w+)\]\(\.\./(\w+)/\w+(?:\.py)?\) \|", page, re.MULTILINE))
    drawn = set()
    for house, content in re.findall(r'<g class="(\w+)"(.*?)</g>', PICTURE, re.DOTALL):
        drawn |= {(room, house) for room in re.findall(r'class="name"[^>]*>(\w+)<', content)}
    assert len(drawn) > 40
    assert described == drawn
