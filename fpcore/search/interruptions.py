"""Interruptions: other sound between two parts of one song, found by the song's own hits.

Somebody speaks, a jingle is played, and the song goes on where it had stopped. Its hits then lie on
two lines, up to the interruption at one offset, and after it at an offset that is lower by the
length of the interruption; neither line may be enough by itself. Silence is found without any song
(`fpcore.stages.pauses`); what sounds is no interruption to anybody who does not know the song. Of
all pairs of lines the one is taken with the most weight before and after. Where the song repeats
itself, several weigh about the same, and the longest leaves least of the other sound. Nothing is
decided here.

A minute of such music has thousands of pairs. So they are tried by the weight that both lines have
in all, until that is less than what was found before and after, and then by their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    song_id: int
    offset_ticks: float
    chance: float
    tick: LongArray
    idf: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Each two lines of a song whose offsets are an interruption apart, all (n,).

    ``before`` and ``after`` int64 are the numbers of the lines, ``length`` int64 is by how many
    ticks the offset falls, and ``idf`` float64 the weight of all votes of both.
    """

    before: LongArray
    after: LongArray
    length: LongArray
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
    lines = [
        _line(number, window, row, width_ticks)
        for number, window in enumerate(searched)
        for row in np.flatnonzero(window.candidates.idf > window.candidates.chance).tolist()
    ]
    pairs = _pairs(lines, shortest_ticks)
    most = 0.0
    for row in np.argsort(-pairs.idf).tolist():
        if pairs.idf[row] <= most:
            break
        told = _between(lines, pairs, row)
        most = max(most, told.idf if told else 0.0)
    if not most:
        return None
    heavy = np.flatnonzero(pairs.idf >= NEARLY * most)
    by_length = heavy[np.lexsort((-pairs.idf[heavy], -pairs.length[heavy]))].tolist()
    all_told = (_between(lines, pairs, row) for row in by_length)
    return next(told for told in all_told if told and told.idf >= NEARLY * most)


def _line(number: int, window: Searched, row: int, width_ticks: int) -> _Line:
    """Return the votes for a candidate; a hash that has several hits there votes once."""
    found, candidates = window.hits, window.candidates
    offset_ticks = float(candidates.offset_ticks[row])
    song_id = int(candidates.song_id[row])
    hits = matching.hits_at_offset(found, song_id, offset_ticks, width_ticks)
    voting = np.unique(found.rows(hits))
    voting = voting[np.argsort(found.query.tick[voting], kind="stable")]
    return _Line(
        number,
        window,
        song_id,
        offset_ticks,
        float(candidates.chance[row]),
        found.query.tick[voting].astype(np.int64),
        found.weights[voting] / found.usual_weight,
    )


def _pairs(lines: Sequence[_Line], shortest_ticks: float) -> _Pairs:
    """Return the pairs of lines of which one may go on where the other stopped."""
    song = np.array([line.song_id for line in lines], np.int64)
    offset_ticks = np.array([line.offset_ticks for line in lines], np.float64)
    idf = np.array([line.idf.sum() for line in lines], np.float64)
    before, after = np.nonzero(song[:, None] == song)
    length = np.rint(offset_ticks[before] - offset_ticks[after]).astype(np.int64)
    apart = length >= shortest_ticks
    before, after = before[apart], after[apart]
    return _Pairs(before, after, length[apart], idf[before] + idf[after])


def _between(lines: Sequence[_Line], pairs: _Pairs, row: int) -> Interruption | None:
    """Return the interruption with the most weight before and after, if a pair has any.

    It lies in the middle of where it may lie without costing a vote, as far as the windows reach.
    """
    before, after = lines[pairs.before[row]], lines[pairs.after[row]]
    length = int(pairs.length[row])
    idf_before = np.cumsum(before.idf)
    first_after = np.searchsorted(after.tick, before.tick + length, side="right")
    idf_after = np.concatenate([np.cumsum(after.idf[::-1])[::-1], [0.0]])[first_after]
    is_told = (idf_before > before.chance) & (idf_after > after.chance)
    if not is_told.any():
        return None
    idf = np.where(is_told, idf_before + idf_after, 0.0)
    last = int(np.argmax(idf))
    earliest = max(int(before.tick[last]) + 1, after.window.first - length)
    latest = min(int(after.tick[first_after[last]]) - length, before.window.last)
    if earliest > latest:
        return None
    start = (earliest + latest) // 2
    return Interruption(start, start + length, before.number, after.number, float(idf[last]))
