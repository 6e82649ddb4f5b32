"""Typed descriptions of the degradations: a union tagged by ``kind``, and named chains of it.

A description says what is done; `chain` knows which function does it. Signal-to-noise ratios
are in dB, over the whole band of the signal and its active parts only (see `levels`). A
description is checked when it is made: a value out of range is refused then, not when sound
comes.

Examples
--------
A condition as it stands in the YAML of a sweep:

>>> import yaml
>>> text = '''
... name: phone-in-the-car
... chain:
...   - {kind: pink, snr_db: 5}
...   - {kind: speed, factor: 1.02}
...   - {kind: codec, codec: opus, bit_rate_bps: 16000}
... '''
>>> condition = Condition.model_validate(yaml.safe_load(text))
>>> [step.kind for step in condition.chain]
['pink', 'speed', 'codec']
>>> condition.time_factor  # what was at 10.2 s is heard at 10 s
1.02
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from fpcore.config import Strict

SPEED_OF_SOUND_M_S = 343.0
"""In dry air at 20 °C."""

_MAX_IMAGES = 5_000_000
"""Image sources that a simulated room may need: some seconds of work and 1 GB of memory."""

SnrDb = Annotated[float, Field(ge=-60, le=100)]
TimeFactor = Annotated[float, Field(ge=0.5, le=2.0)]
SourceName = Annotated[str, Field(min_length=1)]


class White(Strict):
    """White Gaussian noise, added at ``snr_db``."""

    kind: Literal["white"] = "white"
    snr_db: SnrDb


class Pink(Strict):
    """Gaussian noise that falls by 3 dB an octave above 20 Hz, added at ``snr_db``."""

    kind: Literal["pink"] = "pink"
    snr_db: SnrDb


class Babble(Strict):
    """``n_talkers`` equally loud voices, added at ``snr_db``.

    ``recorded`` voices come from the audio files of ``source``; ``synthetic`` ones need no
    files. Which of the two has to be said: one never stands in for the other.
    """

    kind: Literal["babble"] = "babble"
    snr_db: SnrDb
    talkers: Literal["recorded", "synthetic"]
    n_talkers: Annotated[int, Field(ge=1, le=64)] = 8
    source: SourceName = "speech"


class Recording(Strict):
    """A random cut of a random audio file of ``source``, added at ``snr_db``."""

    kind: Literal["recording"] = "recording"
    snr_db: SnrDb
    source: SourceName = "noise"


class Room(Strict):
    """A simulated rectangular room with equal absorption on all its walls.

    The sound travels ``distance_m`` from loudspeaker to microphone. ``n_positions`` pairs of
    places for the two are drawn from ``seed``, and each excerpt gets one of them at random.
    """

    kind: Literal["room"] = "room"
    rt60_s: Annotated[float, Field(ge=0.05, le=10)] = 0.5
    size_m: tuple[
        Annotated[float, Field(ge=1, le=200)],
        Annotated[float, Field(ge=1, le=200)],
        Annotated[float, Field(ge=1, le=200)],
    ] = (6.0, 5.0, 3.0)
    distance_m: Annotated[float, Field(ge=0.1, le=100)] = 2.0
    seed: Annotated[int, Field(ge=0)] = 0
    n_positions: Annotated[int, Field(ge=1, le=64)] = 1

    @model_validator(mode="after")
    def _check_together(self) -> Room:
        volume = math.prod(self.size_m)
        x, y, z = self.size_m
        surface = 2 * (x * y + y * z + x * z)
        shortest_s = 24 * math.log(10) / SPEED_OF_SOUND_M_S * volume / surface
        if self.rt60_s < shortest_s:
            raise ValueError(
                f"rt60_s must be at least {shortest_s:.2f} in a room of {x} × {y} × {z} m, whose "
                f"walls would have to absorb more than everything, got {self.rt60_s}"
            )
        if self.distance_m > max(self.size_m) / 2:
            raise ValueError(
                "distance_m must be at most half of the longest side of size_m, "
                f"got {self.distance_m} in {x} × {y} × {z} m"
            )
        images = 4 / 3 * math.pi * (SPEED_OF_SOUND_M_S * self.rt60_s) ** 3 / volume
        if images > _MAX_IMAGES:
            raise ValueError(
                f"rt60_s of {self.rt60_s} in {x} × {y} × {z} m needs {images:.2g} image sources, "
                f"more than {_MAX_IMAGES:.2g}: shorten rt60_s or enlarge size_m"
            )
        return self


class MeasuredRoom(Strict):
    """A measured room: a random impulse response out of the files of ``source``."""

    kind: Literal["measured_room"] = "measured_room"
    source: SourceName = "rooms"


class Codec(Strict):
    """A lossy codec: the signal is encoded at about ``bit_rate_bps`` and decoded again.

    The encoder works at its lowest sample rate that is not below the signal's, and takes the
    nearest bit rate that it has there.
    """

    kind: Literal["codec"] = "codec"
    codec: Literal["mp3", "aac", "opus"]
    bit_rate_bps: Annotated[int, Field(ge=6000, le=320_000)]

    @model_validator(mode="after")
    def _check_together(self) -> Codec:
        if self.codec != "opus" and self.bit_rate_bps < 8000:
            raise ValueError(
                f"bit_rate_bps must be at least 8000 for {self.codec}, got {self.bit_rate_bps}"
            )
        if self.codec == "opus" and self.bit_rate_bps > 256_000:
            raise ValueError(
                f"bit_rate_bps must be at most 256000 for opus in mono, got {self.bit_rate_bps}"
            )
        return self


class Telephone(Strict):
    """A landline: 300-3400 Hz, 8000 samples a second of 8 bits by the µ-law of ITU-T G.711."""

    kind: Literal["telephone"] = "telephone"


class BandPass(Strict):
    """A small loudspeaker: Butterworth slopes of ``6 * order`` dB an octave outside a band."""

    kind: Literal["band_pass"] = "band_pass"
    low_hz: Annotated[float, Field(gt=0)] = 300.0
    high_hz: Annotated[float, Field(gt=0)] = 6000.0
    order: Annotated[int, Field(ge=1, le=16)] = 2

    @model_validator(mode="after")
    def _check_together(self) -> BandPass:
        if self.low_hz >= self.high_hz:
            raise ValueError(f"low_hz must be below high_hz, got {self.low_hz} and {self.high_hz}")
        return self


class Clipping(Strict):
    """A limit to the samples at ``ceiling_share`` of the signal's own peak."""

    kind: Literal["clip"] = "clip"
    ceiling_share: Annotated[float, Field(gt=0, le=1)]


class Gain(Strict):
    """A change of level by ``gain_db``; above 0 it is louder."""

    kind: Literal["gain"] = "gain"
    gain_db: Annotated[float, Field(ge=-100, le=100)]


class Speed(Strict):
    """A playback ``factor`` times as fast: tempo and pitch rise together."""

    kind: Literal["speed"] = "speed"
    factor: TimeFactor


class Pitch(Strict):
    """A pitch that is ``semitones`` higher; tempo and length stay."""

    kind: Literal["pitch"] = "pitch"
    semitones: Annotated[float, Field(ge=-12, le=12)]


class Tempo(Strict):
    """A tempo ``factor`` times as fast; the pitch stays."""

    kind: Literal["tempo"] = "tempo"
    factor: TimeFactor


class Fade(Strict):
    """A level that rises evenly from silence over ``in_s``, and falls to it over ``out_s``.

    Where both are longer than the signal together, they meet in its middle.
    """

    kind: Literal["fade"] = "fade"
    in_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    out_s: Annotated[float, Field(ge=0, le=600)] = 0.0


Filling = Annotated[White | Pink | Babble | Recording, Field(discriminator="kind")]


class Surround(Strict):
    """Other sound ``before_s`` the signal and ``after_s`` it, and ``between_s`` in its middle.

    The other sound is what ``filling`` adds, at its ratio to the signal, though here it adds
    nothing to the signal itself. None is silence. Another piece of music is a recording.
    """

    kind: Literal["surround"] = "surround"
    before_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    after_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    between_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    filling: Filling | None = None


Degradation = Annotated[
    White
    | Pink
    | Babble
    | Recording
    | Room
    | MeasuredRoom
    | Codec
    | Telephone
    | BandPass
    | Clipping
    | Gain
    | Speed
    | Pitch
    | Tempo
    | Fade
    | Surround,
    Field(discriminator="kind"),
]


class Condition(Strict):
    """A named chain of degradations, applied from first to last; an empty chain is clean."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
    chain: tuple[Degradation, ...] = ()

    @property
    def time_factor(self) -> float:
        """How much faster the excerpt runs: what was at ``t`` is at ``t / time_factor``."""
        return math.prod(step.factor for step in self.chain if isinstance(step, Speed | Tempo))

    @property
    def source_names(self) -> tuple[str, ...]:
        """The sources that it draws from, in the order of the chain."""
        fillings = [step.filling if isinstance(step, Surround) else step for step in self.chain]
        drawing = [one for one in fillings if isinstance(one, Babble | Recording | MeasuredRoom)]
        recorded = [one for one in drawing if getattr(one, "talkers", "recorded") == "recorded"]
        return tuple(one.source for one in recorded)

    @property
    def lead_s(self) -> float:
        """Seconds that the excerpt begins after the beginning of what is heard."""
        return self._inserted_s(lambda step: step.before_s)

    @property
    def gap_s(self) -> float:
        """Seconds that the second half of the excerpt is heard later than it would be alone."""
        return self._inserted_s(lambda step: step.between_s)

    def _inserted_s(self, length_s: Callable[[Surround], float]) -> float:
        """Return the sum of what ``length_s`` gives for each step, as long as it is at the end."""
        total_s = 0.0
        for step in self.chain:
            if isinstance(step, Speed | Tempo):
                total_s /= step.factor
            elif isinstance(step, Surround):
                total_s += length_s(step)
        return total_s
