"""Interruptions: other sound between two parts of one song, found by the song's own hits.

Somebody speaks, a jingle is played, and the song goes on where it had stopped. Its hits then lie on
two lines, up to the interruption at one offset, and after it at an offset that is lower by the
length of the interruption; neither line may be enough by itself. Silence is found without any song
(`fpcore.stages.pauses`); what sounds is no interruption to anybody who does not know the song. Of
all pairs of lines the one is taken with the most weight before and after. Where the song repeats
itself, several weigh about the same, and the longest leaves least of the other sound. Nothing is
decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from fpcore.records import Candidates, DoubleArray, LongArray
from fpcore.stages import matching

NEARLY = 0.9
"""Interruptions that weigh at least so much of the heaviest are taken for equally heavy."""


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What was found in a window from tick ``first`` to before tick ``last`` of a recording."""

    hits: matching.Hits
    candidates: Candidates
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Interruption:
    """What interrupts a song, from tick ``start`` of a recording to before tick ``end``.

    ``before`` and ``after`` are the numbers of the windows in which the parts before and after it
    were found. ``idf`` is the weight of the votes of both, as in `fpcore.records.Candidates`.
    """

    start: int
    end: int
    before: int
    after: int
    idf: float


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """The votes at one offset: ``tick`` int64 and ``idf`` float64, (n,), by ascending tick.

    They were found in window ``number``; ``chance`` is the weight that chance matches reach there.
    """

    number: int
    window: Searched
    offset_ticks: float
    chance: float
    tick: LongArray
    idf: DoubleArray


def interruption(
    searched: Sequence[Searched], *, width_ticks: int, shortest_ticks: float
) -> Interruption | None:
    """Return the longest of the heaviest interruptions of any song; None when there is none.

    Only votes that outweigh chance, both before and after, tell one.

    Parameters
    ----------
    searched : sequence of Searched
        What was found in each window of a recording.
    width_ticks : int
        How far apart in ticks two offsets may lie and still count as one.
    shortest_ticks : float
        The least length of an interruption in ticks, above 0.

    Returns
    -------
    Interruption or None
        All before it, from the begin of a window on, was seen in that window, and all after it, to
        the end of a window.
    """
    of_song: dict[int, list[_Line]] = {}
    for number, window in enumerate(searched):
        found = window.candidates
        for row in np.flatnonzero(found.idf > found.chance).tolist():
            line = _line(number, window, row, width_ticks)
            of_song.setdefault(int(found.song_id[row]), []).append(line)
    told = [one for lines in of_song.values() for one in _between(lines, shortest_ticks)]
    most = max((one.idf for one in told), default=0.0)
    heaviest = [one for one in told if one.idf >= NEARLY * most]
    return max(heaviest, key=lambda one: one.end - one.start, default=None)


def _line(number: int, window: Searched, row: int, width_ticks: int) -> _Line:
    """Return the votes for a candidate; a hash that has several hits there votes once."""
    found, candidates = window.hits, window.candidates
    offset_ticks = float(candidates.offset_ticks[row])
    hits = matching.hits_at_offset(found, int(candidates.song_id[row]), offset_ticks, width_ticks)
    voting = np.unique(found.rows(hits))
    voting = voting[np.argsort(found.query.tick[voting], kind="stable")]
    return _Line(
        number,
        window,
        offset_ticks,
        float(candidates.chance[row]),
        found.query.tick[voting].astype(np.int64),
        found.weights[voting] / found.usual_weight,
    )


def _between(lines: Sequence[_Line], shortest_ticks: float) -> Iterator[Interruption]:
    """Yield the heaviest interruption between each two lines of a song that have one."""
    for before, after in permutations(lines, 2):
        length = round(before.offset_ticks - after.offset_ticks)
        if length >= shortest_ticks:
            yield from _heaviest(before, after, length)


def _heaviest(before: _Line, after: _Line, length: int) -> Iterator[Interruption]:
    """Yield the interruption of a length with the most weight before and after, if there is one.

    It lies in the middle of where it may lie without costing a vote, as far as the windows reach.
    """
    idf_before = np.cumsum(before.idf)
    first_after = np.searchsorted(after.tick, before.tick + length)
    idf_after = np.concatenate([np.cumsum(after.idf[::-1])[::-1], [0.0]])[first_after]
    is_told = (idf_before > before.chance) & (idf_after > after.chance)
    if not is_told.any():
        return
    idf = np.where(is_told, idf_before + idf_after, 0.0)
    last = int(np.argmax(idf))
    earliest = max(int(before.tick[last]) + 1, after.window.first - length)
    latest = min(int(after.tick[first_after[last]]) - length, before.window.last)
    start = (earliest + latest) // 2
    if earliest - 1 <= latest:
        yield Interruption(start, start + length, before.number, after.number, float(idf[last]))
