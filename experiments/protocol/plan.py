"""Plan of an evaluation: who is indexed, and who is asked what.

The index holds the indexed tracks of both halves of the corpus, so its size is the same
whichever half is asked about. Queries of one half are cut from tracks of that half alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from experiments.corpora import Corpus
from experiments.degradations import Condition
from experiments.protocol import queries as q
from experiments.protocol.defaults import CALIBRATION_SHARE, LEFT_OUT_SHARE
from experiments.protocol.splits import Role, Split, split


@dataclass(frozen=True)
class Plan:
    """Plan of what is asked.

    Parameters
    ----------
    conditions : tuple of Condition
        Each excerpt is asked under each of them.
    clip_lengths_s : tuple of float, above 0
        In seconds. Shorter clips are the beginnings of the longest.
    n_indexed, n_left_out : int, at least 0
        Excerpts of indexed and of left-out tracks, for each condition and clip length.
    seed : int, at least 0
        Of the split, the excerpts and the noise.
    repeats : int, at least 1
        How often all is asked, each time with other excerpts and other noise; the split stays
        the same.
    calibration_share : float, in [0, 1]
        Share of the works in the calibration half.
    left_out_share : float, in [0, 1)
        Share of the works, in both halves alike, that is not indexed.
    """

    conditions: tuple[Condition, ...]
    clip_lengths_s: tuple[float, ...]
    n_indexed: int
    n_left_out: int
    seed: int = 0
    repeats: int = 1
    calibration_share: float = CALIBRATION_SHARE
    left_out_share: float = LEFT_OUT_SHARE

    @property
    def longest_s(self) -> float:
        """Length of the longest clips in seconds."""
        return max(self.clip_lengths_s)

    def seed_of(self, query: q.AnyQuery) -> int:
        """Return the seed that a query's excerpt and noise follow from."""
        return self.seed + query.repeat

    def split(self, corpus: Corpus) -> Split:
        """Return which tracks of a corpus are indexed, and in which half each is asked about."""
        return split(
            corpus,
            seed=self.seed,
            calibration_share=self.calibration_share,
            left_out_share=self.left_out_share,
        )

    def queries(self, parts: Split, role: Role) -> list[q.Query]:
        """Return what one half of a corpus is asked, in all repeats.

        Raises
        ------
        CorpusError
            When no track is long enough.
        """
        indexed, left_out = parts.half(role)
        return [
            query
            for repeat in range(self.repeats)
            for query in q.plan(
                indexed,
                left_out,
                conditions=self.conditions,
                clip_lengths_s=self.clip_lengths_s,
                n_indexed=self.n_indexed,
                n_left_out=self.n_left_out,
                seed=self.seed + repeat,
                repeat=repeat,
            )
        ]
