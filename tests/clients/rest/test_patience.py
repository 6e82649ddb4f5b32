"""How often and how long a busy server is asked again."""

from __future__ import annotations

import math
from typing import Any

import pytest

from clients.rest.errors import BusyError, SettingError
from clients.rest.patience import Patience, Tries
from clients.rest.records import Refusal


def busy(retry_after_s: float) -> BusyError:
    return BusyError("busy", refusal=Refusal("", "", ""), retry_after_s=retry_after_s)


def test_a_server_is_asked_again_as_often_as_is_said_when_it_wants_to_be() -> None:
    tries = Tries(Patience(n_retries=2))
    assert tries.wait_s(busy(1.0), is_repeatable=True) == 1.0
    assert tries.wait_s(busy(4.0), is_repeatable=True) == 4.0
    last = busy(1.0)
    with pytest.raises(BusyError) as raised:
        tries.wait_s(last, is_repeatable=True)
    assert raised.value is last


def test_no_try_begins_after_the_last_moment() -> None:
    now_s = 100.0
    tries = Tries(Patience(n_retries=9, retry_s=5.0), clock=lambda: now_s)
    now_s = 104.0
    assert tries.wait_s(busy(1.0), is_repeatable=True) == 1.0
    with pytest.raises(BusyError):
        tries.wait_s(busy(1.5), is_repeatable=True)


def test_what_can_be_sent_once_is_not_tried_again() -> None:
    with pytest.raises(BusyError):
        Tries(Patience()).wait_s(busy(0.0), is_repeatable=False)


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ({"connect_s": 0.0}, "connect_s must be above 0 and finite, got 0.0"),
        ({"answer_s": math.inf}, "answer_s must be above 0 and finite, got inf"),
        ({"n_retries": -1}, "n_retries must be 0 or more and finite, got -1"),
        ({"retry_s": math.nan}, "retry_s must be above 0 and finite, got nan"),
    ],
)
def test_what_is_no_time_is_refused(setting: dict[str, Any], fault: str) -> None:
    with pytest.raises(SettingError, match=f"^{fault}$"):
        Patience(**setting)
