"""Rooms: simulated by the image-source model, or measured.

Impulse responses start at the arrival of the direct sound, so that a room does not shift the
excerpt, and have unit energy, so that it hardly changes the level. The reverberation time is
the T30 of ISO 3382-1: Schroeder's backward-integrated decay between -5 and -35 dB, extrapolated
to 60 dB.

The absorption of the walls is chosen by Sabine's formula. In a box with equal walls the
image-source model decays more slowly than the formula says; the response is therefore multiplied
by an exponential, which acts as a little more or less absorption along the way, until its T30 is
the one asked for.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from experiments.degradations import sources as source_files
from experiments.degradations.config import SPEED_OF_SOUND_M_S, MeasuredRoom, Room
from experiments.degradations.sources import Sources
from fpcore.errors import AudioError, ConfigError
from fpcore.records import FloatArray, Signal

_WALL_DISTANCE_M = 0.3
_N_DRAWS = 4096
_DECAY_PER_RT60 = 3 * np.log(10)
"""An amplitude of exp(-this) is 60 dB down."""


def simulate_room(signal: Signal, room: Room, rng: np.random.Generator) -> Signal:
    """Return ``signal`` as heard across a simulated room.

    Parameters
    ----------
    signal : Signal, float32 (n,)
        The excerpt.
    room : Room
        Size in m, reverberation time in s, and the distance from loudspeaker to microphone in m.
    rng : numpy.random.Generator
        Draws one of the ``room.n_positions`` pairs of places.

    Returns
    -------
    Signal, float32 (n,)
        Cut where the excerpt ends; the tail of the room after it is left out.

    Raises
    ------
    ConfigError
        When no two places inside the room are as far apart as ``room.distance_m``.
    """
    position = int(rng.integers(room.n_positions))
    return _heard_through(signal, simulated_response(room, position, signal.sample_rate_hz))


def replay_room(
    signal: Signal, room: MeasuredRoom, rng: np.random.Generator, sources: Sources
) -> Signal:
    """Return ``signal`` as heard through a random measured impulse response.

    Parameters
    ----------
    signal : Signal, float32 (n,)
        The excerpt.
    room : MeasuredRoom
        The name of the source of impulse responses.
    rng : numpy.random.Generator
        Draws the file.
    sources : Sources
        Audio files by name.

    Returns
    -------
    Signal, float32 (n,)
        Cut where the excerpt ends; the tail of the room after it is left out.

    Raises
    ------
    ConfigError
        When the source is not given or empty.
    AudioError
        When its file cannot be decoded, or is silent.
    """
    paths = source_files.files(sources, room.source)
    path = paths[int(rng.integers(len(paths)))]
    response = source_files.samples(path, signal.sample_rate_hz)
    if not np.any(response):
        raise AudioError(f"{path}: the impulse response is silent: leave it out of the source")
    return _heard_through(signal, _unit_energy(response[direct_sound(response, signal) :]))


def direct_sound(response: FloatArray, signal: Signal) -> int:
    """Return the sample at which the direct sound arrives in a measured ``response``.

    It is the peak within 1 ms of the first sample that is less than 20 dB below the highest
    (the start by ISO 3382-1): an early reflection may be higher, but comes later.
    """
    magnitude = np.abs(response)
    onset = int(np.argmax(magnitude > magnitude.max() / 10))
    return onset + int(np.argmax(magnitude[onset : onset + 1 + signal.sample_rate_hz // 1000]))


@lru_cache(maxsize=256)
def simulated_response(room: Room, position: int, sample_rate_hz: int) -> FloatArray:
    """Return the impulse response of a simulated room, from one place in it to another.

    Parameters
    ----------
    room : Room
        The room; its ``seed`` draws the places.
    position : int, from 0 to ``room.n_positions - 1``
        Which of the pairs of places.
    sample_rate_hz : int
        Samples per second.

    Returns
    -------
    float32 (n,), read-only
        At most 1.5 times the reverberation time long. The latest 256 are kept for later calls.

    Raises
    ------
    ConfigError
        When no two places inside the room are as far apart as ``room.distance_m``.
    """
    # Whole samples of flight, at most 8 mm off at 22050 Hz: the direct sound is one sample.
    flight = max(1, round(room.distance_m / SPEED_OF_SOUND_M_S * sample_rate_hz))
    distance_m = flight / sample_rate_hz * SPEED_OF_SOUND_M_S
    source, microphone = _places(room, distance_m, position)
    response, delay = _image_sources(room, source, microphone, sample_rate_hz)
    direct = response[flight + delay :]
    cut = direct[: round(1.5 * room.rt60_s * sample_rate_hz)]
    weighted = _with_reverberation_time(cut, room.rt60_s, sample_rate_hz)
    result = _unit_energy(weighted.astype(np.float32))
    result.flags.writeable = False
    return result


def reverberation_time_s(response: NDArray[np.floating], sample_rate_hz: float) -> float:
    """Return the T30 of an impulse response (n,) in seconds."""
    energy = np.cumsum(np.square(response, dtype=np.float64)[::-1])[::-1]
    decay_db = 10 * np.log10(np.maximum(energy / energy[0], 1e-30))
    first, last = np.argmax(decay_db <= -5), np.argmax(decay_db <= -35)
    time_s = np.arange(first, last) / sample_rate_hz
    slope_db_per_s = np.polyfit(time_s, decay_db[first:last], 1)[0]
    return float(-60 / slope_db_per_s)


def _heard_through(signal: Signal, response: FloatArray) -> Signal:
    """Return ``signal`` convolved with ``response``, without the tail after its end."""
    from scipy.signal import oaconvolve  # a second to import

    heard = oaconvolve(signal.samples, response)[: len(signal.samples)]
    return Signal(np.ascontiguousarray(heard, dtype=np.float32), signal.sample_rate_hz)


def _unit_energy(response: FloatArray) -> FloatArray:
    """Return ``response`` scaled to a sum of squares of 1."""
    norm = np.sqrt(np.sum(np.square(response, dtype=np.float64)))
    return np.asarray(response / np.float32(norm), dtype=np.float32)


def _places(
    room: Room, distance_m: float, position: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places (3,) in m of source and microphone, ``distance_m`` apart, off the walls."""
    rng = np.random.default_rng([room.seed, position])
    size_m = np.array(room.size_m)
    source = rng.uniform(_WALL_DISTANCE_M, size_m - _WALL_DISTANCE_M, (_N_DRAWS, 3))
    direction = rng.standard_normal((_N_DRAWS, 3))
    direction *= distance_m / np.linalg.norm(direction, axis=1, keepdims=True)
    microphone = source + direction
    inside = (microphone > _WALL_DISTANCE_M) & (microphone < size_m - _WALL_DISTANCE_M)
    fits = np.flatnonzero(inside.all(axis=1))
    if not len(fits):
        raise ConfigError(
            f"a room of {room.size_m} m has no two places {room.distance_m} m apart and "
            f"{_WALL_DISTANCE_M} m off its walls: lower distance_m or enlarge size_m"
        )
    return source[fits[0]], microphone[fits[0]]


def _image_sources(
    room: Room,
    source: NDArray[np.float64],
    microphone: NDArray[np.float64],
    sample_rate_hz: int,
) -> tuple[NDArray[np.float64], int]:
    """Return the impulse response from ``source`` on, and by how many samples it is delayed."""
    import pyroomacoustics as pra  # takes seconds

    absorption, max_order = pra.inverse_sabine(room.rt60_s, room.size_m, c=SPEED_OF_SOUND_M_S)
    box = pra.ShoeBox(
        room.size_m, fs=sample_rate_hz, materials=pra.Material(absorption), max_order=max_order
    )
    box.add_source(source)
    box.add_microphone(microphone)
    n_threads = pra.constants.get("num_threads")
    pra.constants.set("num_threads", 1)  # the order of summation, and so the last bit, hangs on it
    try:
        box.compute_rir()
    finally:
        pra.constants.set("num_threads", n_threads)
    return np.asarray(box.rir[0][0]), pra.constants.get("frac_delay_length") // 2


def _with_reverberation_time(
    response: NDArray[np.float64], rt60_s: float, sample_rate_hz: int
) -> NDArray[np.float64]:
    """Return ``response`` under the exponential that makes its T30 ``rt60_s``, within 0.1 %."""
    time_s = np.arange(len(response)) / sample_rate_hz
    weighted, decay_per_s = response, 0.0
    for _ in range(20):
        measured_s = reverberation_time_s(weighted, sample_rate_hz)
        if abs(measured_s / rt60_s - 1) < 1e-3:
            break
        decay_per_s += _DECAY_PER_RT60 * (1 / rt60_s - 1 / measured_s)
        weighted = response * np.exp(-decay_per_s * time_s)
    return weighted
