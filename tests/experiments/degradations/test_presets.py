import pytest

from experiments.degradations import CONDITIONS, condition, conditions
from experiments.degradations.config import Babble, Condition
from fpcore.errors import ConfigError

REPORTED = [
    "clean",
    "mp3-32k",
    "telephone",
    "white-0db",
    "pink-m5db",
    "babble-0db",
    "babble-m5db",
    "room-babble-3db-opus-16k",
    "phone-in-a-bar",
    "tempo-p6",
    "tempo-m6",
    "speed-p2",
    "speed-m2",
    "speed-p5",
    "speed-m5",
    "pitch-p1",
    "pitch-m1",
]


def test_every_reported_condition_has_a_name() -> None:
    found = conditions(REPORTED)
    assert [found.name for found in found] == REPORTED


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_survives_json(name: str) -> None:
    again = Condition.model_validate_json(condition(name).model_dump_json())
    assert again == condition(name)
    assert again.name == name


def test_phone_in_a_bar_is_room_babble_loudspeaker_and_opus() -> None:
    kinds = [step.kind for step in condition("phone-in-a-bar").chain]
    assert kinds == ["room", "babble", "band_pass", "codec"]


def test_synthetic_babble_is_said_in_the_name() -> None:
    for name, found in CONDITIONS.items():
        for step in found.chain:
            if isinstance(step, Babble):
                assert (step.talkers == "synthetic") == name.endswith("-synthetic")


@pytest.mark.parametrize(
    "name, factor", [("clean", 1), ("speed-p5", 1.05), ("tempo-m6", 0.94), ("pitch-p1", 1)]
)
def test_a_condition_tells_how_it_moves_time(name: str, factor: float) -> None:
    assert condition(name).time_factor == pytest.approx(factor)


def test_an_unknown_name_is_answered_by_near_ones() -> None:
    with pytest.raises(ConfigError, match=r"no condition 'white-0d': did you mean white-0db"):
        condition("white-0d")


def test_a_name_like_no_other_is_answered_by_all() -> None:
    with pytest.raises(ConfigError, match=r"no condition 'zzz': choose from clean, mp3-32k"):
        conditions(["clean", "zzz"])
