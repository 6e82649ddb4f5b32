"""Words: each thing that can go wrong has one sentence and a way on."""

from __future__ import annotations

import pytest

from clients.desktop import words
from clients.desktop.local_service import NotServedError
from clients.desktop.sources import NoSoundError
from clients.rest import errors
from clients.rest.records import Refusal

REFUSED = {"status": 400, "refusal": Refusal("", "", "")}


@pytest.mark.parametrize(
    ("error", "first"),
    [
        (errors.NoServerError("no server"), "again"),
        (errors.ConnectionLostError("lost"), "again"),
        (errors.TimedOutError("late"), "again"),
        (errors.WrongKeyError("key", **REFUSED), "settings"),
        (errors.SettingError("address"), "settings"),
        (errors.GarbageAnswerError("what"), "settings"),
        (errors.TooLargeError("large", **REFUSED), "file"),
        (errors.RecordingRefusedError("silent", **REFUSED), "file"),
        (errors.ServerFailedError("failed", **REFUSED), "again"),
        (NoSoundError("no microphone."), "again"),
        (NotServedError("no service"), "again"),
        (KeyError("a fault of ours"), "again"),
    ],
)
def test_every_error_is_one_sentence_with_a_way_on(error: Exception, first: str) -> None:
    told = words.problem(error)
    assert told.sentence[0].isupper() and told.sentence.endswith(".")
    assert not told.sentence.endswith("..")
    assert told.ways[0] == first
    assert set(told.ways) <= set(words.WAYS)


def test_this_computer_is_offered_where_no_server_is() -> None:
    assert "local" in words.problem(errors.NoServerError("x")).ways
    assert "local" not in words.problem(errors.ConnectionLostError("x")).ways
