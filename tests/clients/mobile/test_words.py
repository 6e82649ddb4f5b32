"""Each thing that can go wrong on a phone has one sentence and a way on."""

from __future__ import annotations

import pytest

from clients.history import Entry
from clients.mobile import words
from clients.mobile.waiting import FullError
from clients.mobile.words import MicrophoneError
from clients.rest import errors
from clients.rest.records import Refusal

REFUSED = {"status": 400, "refusal": Refusal("", "", "")}
BUSY = errors.BusyError("busy", refusal=Refusal("", "", ""), retry_after_s=1)


@pytest.mark.parametrize(
    ("error", "first", "is_final"),
    [
        (errors.NoServerError("no server"), "again", False),
        (errors.ConnectionLostError("lost"), "again", False),
        (errors.TimedOutError("late"), "again", False),
        (BUSY, "again", False),
        (errors.WrongKeyError("key", status=401, refusal=Refusal("", "", "")), "settings", False),
        (errors.SettingError("address"), "settings", False),
        (errors.GarbageAnswerError("what"), "settings", False),
        (errors.ServerFailedError("x", status=500, refusal=Refusal("", "", "")), "again", False),
        (errors.TooLargeError("large", status=413, refusal=Refusal("", "", "")), "listen", True),
        (errors.RecordingRefusedError("silent", **REFUSED), "listen", True),
        (MicrophoneError("no microphone"), "listen", False),
        (FullError("full"), "again", False),
        (OSError(28, "No space left on device"), "listen", False),
        (KeyError("a fault of ours"), "again", False),
    ],
)
def test_every_error_is_one_sentence_with_a_way_on(
    error: Exception, first: str, is_final: bool
) -> None:
    told = words.problem(error)
    assert told.sentence[0].isupper() and told.sentence.endswith(".")
    assert told.ways[0] == first
    assert set(told.ways) <= set(words.WAYS)
    assert words.is_final(error) == is_final


def test_an_answer_can_be_sent_to_others() -> None:
    entry = Entry("2026-11-29T12:00:00+00:00", "Microphone", 7, "Été", 0.9996, 64.6)
    assert words.shared(entry) == "♪ Été (at 1:05, 99% sure)"
    none = Entry("2026-11-29T12:00:00+00:00", "Microphone", None, None, 0.0, None)
    assert words.shared(none) == "No song was recognised."
