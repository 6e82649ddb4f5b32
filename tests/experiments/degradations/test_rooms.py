from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.degradations import degrade
from experiments.degradations.config import Degradation, MeasuredRoom, Room
from experiments.degradations.rooms import simulated_response
from fpcore.errors import AudioError, ConfigError
from fpcore.records import FloatArray, Signal

RATE_HZ = 22050


def heard(signal: Signal, room: Degradation, *, seed: int = 0, **sources: list[Path]) -> FloatArray:
    return degrade(signal, [room], rng=np.random.default_rng(seed), sources=sources).samples


def response_of(room: Room, *, rate_hz: int = RATE_HZ, duration_s: float = 4.0) -> FloatArray:
    """What becomes of a click at the start."""
    click = np.zeros(round(duration_s * rate_hz), dtype=np.float32)
    click[0] = 1.0
    return heard(Signal(click, rate_hz), room)


def decay_time_s(response: FloatArray, rate_hz: int, *, from_db: float, to_db: float) -> float:
    """Time of a decay by 60 dB, from Schroeder's integral between two levels."""
    remaining = np.cumsum(response[::-1].astype(np.float64) ** 2)[::-1]
    level_db = 10 * np.log10(remaining / remaining[0] + 1e-30)
    part = np.flatnonzero((level_db < from_db) & (level_db > to_db))
    fall_db_per_s, _ = np.polynomial.polynomial.polyfit(-part / rate_hz, level_db[part], 1)[::-1]
    return 60 / float(fall_db_per_s)


@pytest.mark.parametrize(
    "room",
    [
        Room(rt60_s=0.2, size_m=(3, 2.5, 2.4), distance_m=1.0),
        Room(rt60_s=0.5),
        Room(rt60_s=0.8, size_m=(12, 8, 3.5), distance_m=4.0, seed=3),
        Room(rt60_s=1.5, size_m=(20, 15, 8), distance_m=5.0, seed=1),
    ],
)
@pytest.mark.parametrize("rate_hz", [8000, 22050])
def test_the_rt60_is_the_rt60(room: Room, rate_hz: int) -> None:
    response = response_of(room, rate_hz=rate_hz)
    measured_s = decay_time_s(response, rate_hz, from_db=-5, to_db=-35)
    assert measured_s == pytest.approx(room.rt60_s, rel=0.01)
    rest = decay_time_s(response, rate_hz, from_db=-15, to_db=-35)
    assert rest == pytest.approx(room.rt60_s, rel=0.15)  # one decay, not two


@pytest.mark.parametrize("distance_m", [0.3, 1.0, 2.9])
def test_a_room_does_not_delay(
    hiss: Signal, delay_samples: Callable[[FloatArray, FloatArray], float], distance_m: float
) -> None:
    room = Room(distance_m=distance_m, rt60_s=0.3)
    samples = heard(hiss, room)
    assert len(samples) == len(hiss.samples)
    assert round(delay_samples(samples, hiss.samples)) == 0


@pytest.mark.parametrize("distance_m", [0.3, 1.0, 2.9])
def test_the_direct_sound_comes_first_and_is_one_sample(distance_m: float) -> None:
    response = response_of(Room(distance_m=distance_m))
    assert response[0] > 0
    next_db = 20 * np.log10(np.max(np.abs(response[1:6])) / response[0])
    assert next_db < -20  # no reflection within 8 cm, and no ringing of an interpolator


def test_the_room_is_more_audible_from_further_away() -> None:
    direct_to_rest = []
    for distance_m in (0.3, 1.0, 3.0):
        response = response_of(Room(distance_m=distance_m)).astype(np.float64)
        direct_to_rest.append(response[0] ** 2 / np.sum(response[1:] ** 2))
    # Spherical waves lose 10 dB from each to the next; the reflections stay about as loud.
    assert direct_to_rest[0] > 4 * direct_to_rest[1] > 16 * direct_to_rest[2]


def test_a_room_keeps_the_level(hiss: Signal) -> None:
    samples = heard(hiss, Room())[RATE_HZ:]
    change_db = 20 * np.log10(np.std(samples) / np.std(hiss.samples))
    assert change_db == pytest.approx(0, abs=0.5)


def test_each_excerpt_gets_one_of_the_positions(hiss: Signal) -> None:
    room = Room(n_positions=3)
    outcomes = {heard(hiss, room, seed=seed).tobytes() for seed in range(12)}
    assert len(outcomes) == 3


def test_another_seed_is_another_place() -> None:
    assert not np.array_equal(response_of(Room(seed=0)), response_of(Room(seed=1)))


def test_a_room_is_the_same_when_simulated_anew() -> None:
    first = response_of(Room()).tobytes()
    simulated_response.cache_clear()
    assert response_of(Room()).tobytes() == first


def test_places_that_do_not_fit_into_the_room_are_refused() -> None:
    room = Room(size_m=(1, 1, 1), distance_m=0.5, rt60_s=0.05)
    with pytest.raises(ConfigError, match=r"no two places 0\.9 m apart.*lower distance_m"):
        response_of(room.model_copy(update={"distance_m": 0.9}))


def write_response(path: Path, *, before: int, rate_hz: int = RATE_HZ) -> Path:
    """A direct sound after some faint noise, and a higher reflection 5 ms later."""
    rng = np.random.default_rng(0)
    response = 1e-3 * rng.standard_normal(rate_hz)
    response[before:] += (
        0.05 * np.exp(-np.arange(rate_hz - before) / 2000) * rng.standard_normal(rate_hz - before)
    )
    response[before] = 0.5
    response[before + rate_hz // 200] = -0.6
    soundfile.write(path, response, rate_hz, subtype="FLOAT")
    return path


@pytest.mark.parametrize("before", [0, 1, 700])
def test_a_measured_room_does_not_delay(tmp_path: Path, before: int) -> None:
    path = write_response(tmp_path / "hall.wav", before=before)
    click = np.zeros(RATE_HZ, dtype=np.float32)
    click[1000] = 1
    response = heard(Signal(click, RATE_HZ), MeasuredRoom(), rooms=[path])
    measured, _ = soundfile.read(path, dtype="float32")
    expected = measured[before:][: RATE_HZ - 1000] / np.sqrt(np.sum(measured[before:] ** 2))
    np.testing.assert_allclose(response[1000:][: len(expected)], expected, atol=1e-5)
    np.testing.assert_allclose(response[:1000], 0, atol=1e-6)


def test_a_measured_room_at_another_rate_keeps_time(
    tmp_path: Path, hiss: Signal, delay_samples: Callable[[FloatArray, FloatArray], float]
) -> None:
    response = np.zeros(48000)
    response[[900, 1500]] = 0.8, 0.3
    soundfile.write(tmp_path / "hall.wav", response, 48000, subtype="FLOAT")
    samples = heard(hiss, MeasuredRoom(), rooms=[tmp_path / "hall.wav"])
    assert abs(delay_samples(samples, hiss.samples)) <= 0.5  # it lay between two samples


def test_a_silent_response_is_refused(tmp_path: Path, hiss: Signal) -> None:
    soundfile.write(tmp_path / "hall.wav", np.zeros(1000), RATE_HZ)
    with pytest.raises(AudioError, match=r"hall\.wav: the impulse response is silent"):
        heard(hiss, MeasuredRoom(), rooms=[tmp_path / "hall.wav"])


def test_measured_rooms_need_their_source(hiss: Signal) -> None:
    with pytest.raises(ConfigError, match="source 'rooms', which is not given"):
        heard(hiss, MeasuredRoom())
