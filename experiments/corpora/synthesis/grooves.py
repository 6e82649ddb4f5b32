"""Patterns of one bar that generated songs are made of, by the number of beats in a bar.

All positions and lengths are in beats.
"""

from __future__ import annotations

Groove = dict[str, tuple[float, ...]]
"""Drum names, each with the beats that it strikes on."""

Pattern = tuple[tuple[float, float, int], ...]
"""Start, length and step of each note. In a bass line the step counts degrees of the scale above
the chord's root, in a chord rhythm it is the place of the note in the chord."""

WHOLE_CHORD = -1
"""Step of a chord rhythm at which all notes of the chord sound at once."""


def _every(step: float, *, until: float, start: float = 0.0) -> tuple[float, ...]:
    """Return the positions from ``start`` up to ``until``, ``step`` beats apart."""
    return tuple(start + i * step for i in range(round((until - start) / step)))


GROOVES: dict[int, tuple[Groove, ...]] = {
    4: (
        {"kick": (0, 2, 2.5), "snare": (1, 3), "hi_hat": _every(0.5, until=4)},
        {"kick": (0, 1, 2, 3), "snare": (1, 3), "open_hat": _every(1, until=4, start=0.5)},
        {"kick": (0, 1.5), "snare": (2,), "hi_hat": _every(0.25, until=4)},
        {"kick": (0, 0.75, 2.5), "snare": (1, 3, 3.75), "hi_hat": _every(0.5, until=4)},
        {"kick": (0, 2.75), "snare": (2,), "hi_hat": _every(1, until=4), "open_hat": (3.5,)},
        {"kick": (0, 1.5, 3), "tom": (1, 2.5, 3.5), "hi_hat": _every(0.5, until=4)},
        {},
    ),
    3: (
        {"kick": (0,), "snare": (1, 2), "hi_hat": _every(1, until=3)},
        {"kick": (0, 1.5), "snare": (2,), "hi_hat": _every(0.5, until=3)},
        {"kick": (0,), "tom": (1.5, 2.5), "open_hat": (1, 2)},
        {},
    ),
}

FILLS: dict[int, Groove] = {
    4: {"kick": (0, 2), "snare": (1, 2, 2.25, 2.5), "tom": (2.75, 3, 3.25, 3.5, 3.75)},
    3: {"kick": (0,), "snare": (1, 1.25, 1.5), "tom": (1.75, 2, 2.25, 2.5)},
}
"""Last bar of a section, where there are drums."""

BASS_LINES: dict[int, tuple[Pattern, ...]] = {
    4: (
        ((0, 4, 0),),
        ((0, 1.5, 0), (1.5, 0.5, 0), (2, 1, 4), (3, 1, 0)),
        tuple((beat, 0.5, 0) for beat in _every(0.5, until=4)),
        ((0, 1, 0), (1, 1, 2), (2, 1, 4), (3, 1, 5)),
        ((0.5, 0.5, 0), (1, 0.5, 7), (1.5, 0.5, 0), (2.5, 0.5, 0), (3, 0.5, 7), (3.5, 0.5, 4)),
        ((0, 0.75, 0), (0.75, 0.75, 0), (1.5, 1, 7), (3, 0.5, 4), (3.5, 0.5, 6)),
    ),
    3: (
        ((0, 3, 0),),
        ((0, 1, 0), (1, 1, 4), (2, 1, 7)),
        ((0, 1.5, 0), (1.5, 0.5, 4), (2, 1, 2)),
    ),
}

CHORD_RHYTHMS: dict[int, tuple[Pattern, ...]] = {
    4: (
        ((0, 2, WHOLE_CHORD), (2, 2, WHOLE_CHORD)),
        tuple((beat, 0.4, WHOLE_CHORD) for beat in _every(1, until=4, start=0.5)),
        tuple((beat, 0.6, i % 4) for i, beat in enumerate(_every(0.5, until=4))),
        tuple((beat, 0.5, (0, 2, 1, 3)[i % 4]) for i, beat in enumerate(_every(0.25, until=4))),
        ((0, 1, WHOLE_CHORD), (1.5, 0.5, WHOLE_CHORD), (2.5, 1, WHOLE_CHORD)),
        ((0, 1, 0), (1, 0.5, 2), (1.5, 0.5, 1), (2, 1, 3), (3, 0.5, 2), (3.5, 0.5, 1)),
    ),
    3: (
        ((0, 1, 0), (1, 0.8, WHOLE_CHORD), (2, 0.8, WHOLE_CHORD)),
        tuple((beat, 0.6, (0, 1, 2, 3, 2, 1)[i]) for i, beat in enumerate(_every(0.5, until=3))),
        ((0, 3, WHOLE_CHORD),),
    ),
}
