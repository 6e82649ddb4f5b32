"""Plan of an evaluation: who is indexed, and who is asked what.

The index holds the indexed tracks of both halves of the corpus, so its size is the same
whichever half is asked about; calibration never hears a test track, nor the reverse.
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
    """What is asked: conditions, clip lengths, and so many excerpts of each kind for each.

    With ``repeats`` all is asked so often, each time with other excerpts and other noise; the
    split stays the same.
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

    def seed_of(self, query: q.Query) -> int:
        """Return the seed that a query's excerpt and noise follow from."""
        return self.seed + query.repeat

    def split(self, corpus: Corpus) -> Split:
        """Return who of a corpus is indexed and who is asked when."""
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
