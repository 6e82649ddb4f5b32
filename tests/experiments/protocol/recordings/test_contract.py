"""Recorded queries and what they are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from experiments.protocol.recordings.contract import RecordedQuery


def test_a_query_is_named_by_its_file_and_its_content() -> None:
    one = RecordedQuery("a.csv line 2", "bar/1.wav", Path("x/bar/1.wav"), "0123456789", None, "w")
    assert one.id == "bar/1.wav@01234567"
    assert replace(one, place="a.csv line 9", work="v", start_s=3.0).id == one.id
    assert replace(one, checksum="f123456789").id != one.id
