import pytest

from experiments.degradations import CONDITIONS, condition, conditions
from experiments.degradations.config import Babble, Condition, Speed, Surround
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


@pytest.mark.parametrize(
    "name, lead_s, gap_s, sources",
    [
        ("silence-before-50s", 50, 0, ()),
        ("white-before-20s", 20, 0, ()),
        ("pink-after-20s", 0, 0, ()),
        ("speech-between-20s", 0, 20, ("speech",)),
        ("music-before-5s", 5, 0, ("left-out",)),
        ("babble-0db", 0, 0, ("speech",)),
        ("babble-0db-synthetic", 0, 0, ()),
    ],
)
def test_a_condition_tells_what_stands_before_an_excerpt_and_where_it_draws_from(
    name: str, lead_s: float, gap_s: float, sources: tuple[str, ...]
) -> None:
    found = condition(name)
    assert (found.lead_s, found.gap_s, found.source_names) == (lead_s, gap_s, sources)


def test_what_stands_before_is_played_faster_too() -> None:
    chain = (Surround(before_s=5, between_s=2), Speed(factor=1.25), Surround(before_s=1))
    found = Condition(name="twice", chain=chain)
    assert (found.lead_s, found.gap_s) == (5, 1.6)


def test_an_unknown_name_is_answered_by_near_ones() -> None:
    with pytest.raises(ConfigError, match=r"no condition 'white-0d': did you mean white-0db"):
        condition("white-0d")


def test_a_name_like_no_other_is_answered_by_all() -> None:
    with pytest.raises(ConfigError, match=r"no condition 'zzz': choose from clean, mp3-32k"):
        conditions(["clean", "zzz"])


def test_what_surrounds_an_excerpt_is_each_sound_in_each_place_for_each_length() -> None:
    around = [name for name in CONDITIONS if any(map(_is_surround, condition(name).chain))]
    assert len(around) == 7 * 3 * 3
    for name in around:
        (how,) = condition(name).chain
        assert isinstance(how, Surround)
        _, place, length = name.split("-")
        seconds = {"before": how.before_s, "after": how.after_s, "between": how.between_s}
        assert seconds == {one: float(length[:-1]) if one == place else 0 for one in seconds}


def _is_surround(step: object) -> bool:
    return isinstance(step, Surround)


def test_an_asterisk_stands_for_all_that_fits_in_the_order_of_reports() -> None:
    found = conditions(["clean", "silence-*-5s"])
    around = ["silence-before-5s", "silence-after-5s", "silence-between-5s"]
    assert [one.name for one in found] == ["clean", *around]


def test_a_pattern_that_fits_nothing_is_answered_by_all() -> None:
    with pytest.raises(ConfigError, match=r"no condition fits 'zz\*': choose from clean, mp3-32k"):
        conditions(["zz*"])
