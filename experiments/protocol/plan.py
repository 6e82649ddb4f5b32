"""One configuration on one corpus: split, index, ask. What sweeps do many times over.

The index holds the indexed tracks of both halves of the corpus, so its size is the same
whichever half is asked about; calibration never hears a test track, nor the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass

from experiments.corpora import Corpus
from experiments.degradations import Condition
from experiments.protocol import queries as q
from experiments.protocol.splits import Role, Split, split
from fpcore.config import FittedOn

CALIBRATION_SHARE = 0.5
LEFT_OUT_SHARE = 0.19
"""Of the 213 tracks of debian-games, 42 stay out of the index."""


@dataclass(frozen=True)
class Plan:
    """What is asked: conditions, clip lengths, and so many excerpts of each kind for each."""

    conditions: tuple[Condition, ...]
    clip_lengths_s: tuple[float, ...]
    n_indexed: int
    n_left_out: int
    seed: int = 0
    calibration_share: float = CALIBRATION_SHARE
    left_out_share: float = LEFT_OUT_SHARE

    @property
    def longest_s(self) -> float:
        """Length of the longest clips in seconds."""
        return max(self.clip_lengths_s)

    def split(self, source: Corpus) -> Split:
        """Return who of a corpus is indexed and who is asked when."""
        return split(
            source,
            seed=self.seed,
            calibration_share=self.calibration_share,
            left_out_share=self.left_out_share,
        )

    def fitted_on(self, source: Corpus) -> FittedOn:
        """Return what a decision has to say that is fitted on the calibration half of a corpus."""
        return FittedOn(
            corpus_checksum=source.checksum,
            seed=self.seed,
            calibration_share=self.calibration_share,
        )

    def queries(self, parts: Split, role: Role) -> list[q.Query]:
        """Return what one half of a corpus is asked.

        Raises
        ------
        CorpusError
            When no track is long enough.
        """
        indexed, left_out = parts.half(role)
        return q.plan(
            indexed,
            left_out,
            conditions=self.conditions,
            clip_lengths_s=self.clip_lengths_s,
            n_indexed=self.n_indexed,
            n_left_out=self.n_left_out,
            seed=self.seed,
        )
