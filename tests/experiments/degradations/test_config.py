"""Descriptions of degradations are checked when they are made, not when sound comes."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from experiments.degradations import Condition
from experiments.degradations.config import (
    Codec,
    Degradation,
    Pitch,
    Room,
    Speed,
    Tempo,
    White,
)
from fpcore.config import parse
from fpcore.errors import ConfigError


@pytest.mark.parametrize(
    "description, message",
    [
        ({"kind": "echo"}, "'echo'.*expected tags.*'white', 'pink'"),
        ({"snr_db": 3}, "kind"),
        ({"kind": "white"}, "snr_db"),
        ({"kind": "white", "snr_db": float("nan")}, "finite number"),
        ({"kind": "white", "snr_db": 500}, "less than or equal to 100"),
        ({"kind": "white", "snr_db": 0, "colour": "red"}, "colour"),
        ({"kind": "babble", "snr_db": 0}, "talkers"),
        ({"kind": "babble", "snr_db": 0, "talkers": "any"}, "'recorded' or 'synthetic'"),
        ({"kind": "babble", "snr_db": 0, "talkers": "synthetic", "n_talkers": 0}, "n_talkers"),
        ({"kind": "band_pass", "low_hz": 900, "high_hz": 800}, "low_hz must be below high_hz"),
        ({"kind": "clip", "ceiling_share": 0}, "greater than 0"),
        ({"kind": "clip", "ceiling_share": 1.5}, "less than or equal to 1"),
        ({"kind": "speed", "factor": 0}, "greater than or equal to 0.5"),
        ({"kind": "tempo", "factor": 3}, "less than or equal to 2"),
        ({"kind": "pitch", "semitones": 13}, "less than or equal to 12"),
    ],
)
def test_wrong_descriptions_are_refused(description: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(Degradation).validate_python(description)


def test_a_fault_is_reported_with_the_path_of_its_key() -> None:
    content = '{"name": "loud", "chain": [{"kind": "gain", "gain_db": 3}, {"kind": "clip"}]}'
    with pytest.raises(ConfigError, match=r"conditions\.json: chain\.1\.clip\.ceiling_share"):
        parse(Condition, content, source="conditions.json")


@pytest.mark.parametrize("bad", ["", "White 0 dB", "-5db", "a" * 65])
def test_a_condition_needs_a_plain_name(bad: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Condition(name=bad)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"rt60_s": 0.06}, r"rt60_s must be at least 0\.1\d in a room of 6.0 × 5.0 × 3.0 m"),
        ({"distance_m": 3.5}, "distance_m must be at most half of the longest side"),
        ({"rt60_s": 8.0}, "image sources, more than 5e.06: shorten rt60_s or enlarge size_m"),
        ({"size_m": (6, 5)}, "size_m"),
        ({"n_positions": 0}, "n_positions"),
    ],
)
def test_impossible_rooms_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Room.model_validate(values)


@pytest.mark.parametrize(
    "codec, bit_rate_bps, message",
    [
        ("mp3", 6000, "bit_rate_bps must be at least 8000 for mp3"),
        ("opus", 300_000, "bit_rate_bps must be at most 256000 for opus"),
        ("aac", 1_000_000, "less than or equal to 320000"),
        ("vorbis", 32_000, "'mp3', 'aac' or 'opus'"),
    ],
)
def test_other_codecs_and_bit_rates_are_refused(
    codec: str, bit_rate_bps: int, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Codec.model_validate({"codec": codec, "bit_rate_bps": bit_rate_bps})


def test_speeds_and_tempos_of_a_chain_multiply_and_nothing_else_moves_time() -> None:
    assert Condition(name="clean").time_factor == 1.0
    steps = (Pitch(semitones=3), Speed(factor=1.25), White(snr_db=0), Tempo(factor=0.8))
    assert Condition(name="slow", chain=steps[:2]).time_factor == 1.25
    assert Condition(name="both", chain=steps).time_factor == pytest.approx(1.0)
    assert Condition(name="tempo", chain=steps[3:]).time_factor == 0.8


def test_a_room_may_be_as_dry_as_its_walls_absorb_everything() -> None:
    # Sabine's formula at full absorption: 24 ln 10 / 343 m/s × 1000 m³ / 600 m² = 0.2685 s.
    assert Room(size_m=(10, 10, 10), rt60_s=0.269).rt60_s == 0.269
    with pytest.raises(ValidationError, match=r"rt60_s must be at least 0\.27"):
        Room(size_m=(10, 10, 10), rt60_s=0.268)
