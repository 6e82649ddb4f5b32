"""Defaults of every evaluation: what is asked, and of what share, unless told otherwise."""

from __future__ import annotations

CALIBRATION_SHARE = 0.5
"""Share of the works that decisions are fitted on; the others test them."""

LEFT_OUT_SHARE = 0.3
"""Share of the works that stays out of the index, so that a small library has strangers too."""

FALSE_ALARM_RATE = 0.005
"""Share of the queries of left-out tracks that may be given a name."""

CLIP_LENGTHS_S = (10.0, 5.0)
"""Lengths of the clips that profiles are calibrated and reported on."""

REPORTED_CONDITIONS = (
    "clean",
    "mp3-32k",
    "telephone",
    "white-0db",
    "pink-m5db",
    "babble-0db",
    "babble-m5db",
    "room-babble-3db-opus-16k",
    "tempo-p6",
    "tempo-m6",
    "speed-p2",
    "speed-m2",
    "speed-p5",
    "speed-m5",
    "pitch-p1",
    "pitch-m1",
)
"""Conditions that profiles are calibrated and reported under."""

CONTRASTING_CONDITIONS = (
    "clean",
    "pink-m5db",
    "babble-m5db",
    "room-babble-3db-opus-16k",
    "speed-m5",
)
"""A few of them that differ most: without noise, in noise of three kinds, and slower."""
