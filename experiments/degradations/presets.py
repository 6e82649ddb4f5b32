"""Named conditions: the chains of degradations under which recognition is reported.

Names: ``m`` before a number means minus, ``p`` plus, as in ``pink-m5db`` and ``speed-p2`` (2%
faster). Babble is of recorded speech, from the source ``speech``; the conditions that end in
``-synthetic`` need no recordings and are reported as conditions of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import product
from typing import Literal

from experiments.degradations.config import (
    Babble,
    BandPass,
    Clipping,
    Codec,
    Condition,
    Degradation,
    Fade,
    Filling,
    Pink,
    Pitch,
    Recording,
    Room,
    Speed,
    Surround,
    Telephone,
    Tempo,
    White,
)
from fpcore.errors import ConfigError

Talkers = Literal["recorded", "synthetic"]

_LIVING_ROOM = Room(rt60_s=0.5, size_m=(6.0, 5.0, 3.0), distance_m=2.0, n_positions=8)
_BAR = Room(rt60_s=0.8, size_m=(12.0, 8.0, 3.5), distance_m=4.0, n_positions=8)
_OPUS_16K = Codec(codec="opus", bit_rate_bps=16_000)


def _with_babble(talkers: Talkers) -> dict[str, tuple[Degradation, ...]]:
    """Return the chains that contain babble, by name."""
    suffix = "" if talkers == "recorded" else "-synthetic"
    babble = {snr_db: Babble(snr_db=snr_db, talkers=talkers) for snr_db in (0, -5, 3)}
    return {
        f"babble-0db{suffix}": (babble[0],),
        f"babble-m5db{suffix}": (babble[-5],),
        f"room-babble-3db-opus-16k{suffix}": (_LIVING_ROOM, babble[3], _OPUS_16K),
        f"phone-in-a-bar{suffix}": (_BAR, babble[3], BandPass(), _OPUS_16K),
    }


SPEECH = "speech"
"""The source of recorded talkers."""

LEFT_OUT = "left-out"
"""The source of other music: tracks of the corpus that are not indexed."""

_FILLINGS: dict[str, Filling | None] = {
    "silence": None,
    "hush": White(snr_db=60),
    "white": White(snr_db=0),
    "pink": Pink(snr_db=0),
    "babble": Babble(snr_db=0, talkers="recorded"),
    "speech": Babble(snr_db=0, talkers="recorded", n_talkers=1),
    "music": Recording(snr_db=0, source=LEFT_OUT),
}

_SURROUND_S = (5, 20, 50)
"""Seconds of other sound: less than a window of a search, as long as several, and nearly all of
what is heard."""


def _surrounded() -> dict[str, tuple[Degradation, ...]]:
    """Return the chains in which the excerpt is only a part of what is heard, by name."""
    chains: dict[str, tuple[Degradation, ...]] = {}
    for (name, filling), seconds in product(_FILLINGS.items(), _SURROUND_S):
        for place in ("before", "after", "between"):
            how = {f"{place}_s": seconds, "filling": filling}
            chains[f"{name}-{place}-{seconds}s"] = (Surround.model_validate(how),)
    return chains | {"fade-in": (Fade(in_s=600),), "fade-out": (Fade(out_s=600),)}


_CHAINS: dict[str, tuple[Degradation, ...]] = {
    "clean": (),
    "mp3-32k": (Codec(codec="mp3", bit_rate_bps=32_000),),
    "aac-32k": (Codec(codec="aac", bit_rate_bps=32_000),),
    "opus-16k": (_OPUS_16K,),
    "telephone": (Telephone(),),
    "white-0db": (White(snr_db=0),),
    "pink-m5db": (Pink(snr_db=-5),),
    **_with_babble("recorded"),
    **_with_babble("synthetic"),
    "room": (_LIVING_ROOM,),
    "loudspeaker": (BandPass(),),
    "clipped": (Clipping(ceiling_share=0.1),),
    "tempo-p6": (Tempo(factor=1.06),),
    "tempo-m6": (Tempo(factor=0.94),),
    "speed-p2": (Speed(factor=1.02),),
    "speed-m2": (Speed(factor=0.98),),
    "speed-p5": (Speed(factor=1.05),),
    "speed-m5": (Speed(factor=0.95),),
    "pitch-p1": (Pitch(semitones=1),),
    "pitch-m1": (Pitch(semitones=-1),),
    **_surrounded(),
}

CONDITIONS: dict[str, Condition] = {
    name: Condition(name=name, chain=chain) for name, chain in _CHAINS.items()
}
"""All named conditions, in the order of reports."""


def condition(name: str, own: Iterable[Condition] = ()) -> Condition:
    """Return the condition called ``name``; raises ConfigError when there is none.

    Of the ``own`` conditions, too, each is known by its name, and before one of ours.
    """
    known = _known(own)
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3)
    remedy = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(known)}"
    raise ConfigError(f"there is no condition {name!r}: {remedy}")


def conditions(names: Iterable[str], own: Iterable[Condition] = ()) -> tuple[Condition, ...]:
    """Return the conditions called ``names``; raises ConfigError for the first unknown one.

    A name with an asterisk stands for all that it fits, the ``own`` conditions among them.

    >>> [one.name for one in conditions(["clean", "fade-*"])]
    ['clean', 'fade-in', 'fade-out']
    """
    own = tuple(own)
    return tuple(found for name in names for found in _fitting(name, own))


def _fitting(name: str, own: Sequence[Condition]) -> list[Condition]:
    if "*" not in name:
        return [condition(name, own)]
    known = _known(own)
    found = [known[one] for one in known if fnmatchcase(one, name)]
    if not found:
        raise ConfigError(f"no condition fits {name!r}: choose from {', '.join(known)}")
    return found


def _known(own: Iterable[Condition]) -> dict[str, Condition]:
    return CONDITIONS | {one.name: one for one in own}
