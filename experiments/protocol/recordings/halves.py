"""Recordings as trials ask them: each in the half of the corpus that its song belongs to.

A recording of a song of the calibration half is asked while profiles are chosen, and one of the
test half only when a profile is promoted. One of a song that the split leaves out of the index is a
stranger, as excerpts of that song are. Recordings of nobody's songs fall into the halves by what
they are of: several of one stranger (``none: NAME`` in the list) into the same, and otherwise each
by its file.

In rows a recording has a condition of its own: "recordings", or what it has in a column of the
list.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.protocol.recordings.contract import RecordedQuery
from experiments.protocol.splits import ROLES, Role, Split, share_of

CONDITION = "recordings"
"""Name of the condition of recordings that are not divided by a column."""


@dataclass(frozen=True, slots=True)
class AskedRecording:
    """A recording that a half of a corpus is asked, of the interface `protocol.queries.AnyQuery`.

    ``duration_s`` is its length. ``clip_s``, by which rows are told apart, is the same for all
    recordings of a list: their median length in whole seconds.
    """

    recorded: RecordedQuery
    role: Role
    indexed: bool
    condition_name: str
    duration_s: float
    clip_s: float

    @property
    def id(self) -> str:
        """Name of the query: the file's name and its content."""
        return self.recorded.id

    @property
    def drawn_as(self) -> str:
        """Name that seeds random choices."""
        return self.id

    @property
    def repeat(self) -> int:
        """Zero: a recording is the same in all rounds, and asked once."""
        return 0

    @property
    def song(self) -> str:
        """Id of the track, "" for a stranger that no track is of."""
        return self.recorded.song.id if self.recorded.song else ""

    @property
    def work(self) -> str:
        """The work, or the stranger, that it is of."""
        return self.recorded.work


def in_halves(
    queries: Sequence[RecordedQuery],
    durations_s: Mapping[str, float],
    parts: Split,
    *,
    by: str | None,
    seed: int,
    calibration_share: float,
) -> tuple[AskedRecording, ...]:
    """Return recordings with the half that asks each.

    Parameters
    ----------
    queries : sequence of RecordedQuery
        Of songs of the corpus, and of strangers.
    durations_s : mapping of str to float
        Length in seconds of each recording, by its id.
    parts : Split
        The corpus.
    by : str or None
        Column whose values are conditions, if any.
    seed : int
        Divides the strangers.
    calibration_share : float, in [0, 1]
        Share of the strangers that falls into the calibration half.

    Returns
    -------
    tuple of AskedRecording
        In the order of ``queries``.

    Examples
    --------
    >>> from pathlib import Path
    >>> hum = RecordedQuery("a.csv line 2", "hum.wav", Path("hum.wav"), "0" * 64, None, "none: hum")
    >>> [one] = in_halves(
    ...     [hum], {hum.id: 5.2}, Split((), (), (), ()), by=None, seed=0, calibration_share=1.0
    ... )
    >>> one.role, one.indexed, one.condition_name, one.clip_s
    ('calibration', False, 'recordings', 5.0)
    """
    if not queries:
        return ()
    group_of = {
        track.id: (role, kind == 0)
        for role in ROLES
        for kind, tracks in enumerate(parts.half(role))
        for track in tracks
    }
    strangers = {query.work for query in queries if query.song is None}
    chosen = share_of(strangers, calibration_share, seed=seed, purpose="recorded strangers")
    clip_s = float(round(statistics.median(durations_s[query.id] for query in queries)))
    found = []
    for query in queries:
        if query.song is None:
            role: Role = "calibration" if query.work in chosen else "test"
            indexed = False
        else:
            role, indexed = group_of[query.song.id]
        duration_s = durations_s[query.id]
        condition = _condition(query, by)
        found.append(AskedRecording(query, role, indexed, condition, duration_s, clip_s))
    return tuple(found)


def _condition(query: RecordedQuery, by: str | None) -> str:
    """Return the name of a recording's condition; that of a column holds a space, as none else."""
    return CONDITION if by is None else f"{by} {query.groups[by] or '(empty)'}"
