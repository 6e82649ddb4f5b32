"""What became of many recordings that were learned together."""

from __future__ import annotations

from dataclasses import dataclass

from fpcore import markup
from fpcore.audio import PassedOver
from fpcore.bulk.learn import Outcome
from fpcore.store import SongList
from fpcore.units import clock


@dataclass(frozen=True, slots=True)
class LearnedFiles:
    """The outcomes of files, in the order in which they were done, and what was passed over.

    ``faults`` are sentences about paths at which no file could be looked for.
    """

    outcomes: tuple[Outcome, ...]
    passed_over: tuple[PassedOver, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def songs(self) -> SongList:
        """The songs that the index has of the files, each once: new ones and those known before."""
        found = {one.song.id: one.song for one in self.outcomes if one.song is not None}
        return SongList(found.values())

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The files that could not be learned, each with its reason."""
        return tuple(one for one in self.outcomes if one.status == "failed")

    def __str__(self) -> str:
        counts = {status: 0 for status in ("learned", "known", "failed")}
        for one in self.outcomes:
            counts[one.status] += 1
        counts["failed"] += len(self.faults)
        parts = [f"{counts['learned']:,} learned"]
        parts += [f"{counts['known']:,} known before"] if counts["known"] else []
        parts += [f"{counts['failed']:,} failed"] if counts["failed"] else []
        parts += [f"{len(self.passed_over):,} passed over"] if self.passed_over else []
        return ", ".join(parts)

    def _repr_html_(self) -> str:
        worst_first = sorted(self.outcomes, key=lambda one: one.status != "failed")
        faults = [("", "failed", "", "", fault) for fault in self.faults]
        rows = [
            (
                one.path.name,
                one.status,
                "" if one.song is None else one.song.name,
                "" if one.song is None else clock(one.song.duration_s),
                one.reason or "",
            )
            for one in worst_first
        ]
        return markup.table(("file", "", "song", "length", ""), [*faults, *rows], caption=str(self))
