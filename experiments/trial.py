"""One configuration on one corpus: split, index, ask. What sweeps do many times over.

The index holds the indexed tracks of both halves of the corpus, so its size is the same
whichever half is asked about; calibration never hears a test track, nor the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments import evaluation, testbed
from experiments import queries as q
from experiments.corpora import Corpus, corpus
from experiments.corpora.cache import cache_folder
from experiments.degradations import Condition, Sources
from experiments.degradations.config import Babble
from experiments.outcomes import Answers
from experiments.progress import Show, silent
from experiments.splits import Role, Split, split
from experiments.stages import StageCache
from fpcore.config import FittedOn, Profile

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

    def bench(
        self,
        source: Corpus,
        profile: Profile,
        database: Path,
        *,
        sources: Sources | None = None,
        cache: StageCache | None = None,
        keeps_queries: bool = False,
    ) -> testbed.Bench:
        """Return the bench on which a profile is asked; without ``sources``, those needed."""
        return testbed.Bench(
            corpus=source,
            profile=profile,
            database=database,
            cache=cache or stage_cache(),
            sources=sources_for(self.conditions) if sources is None else sources,
            seed=self.seed,
            longest_s=self.longest_s,
            keeps_queries=keeps_queries,
        )


def stage_cache() -> StageCache:
    """Return the cache of stages that all runs share."""
    return StageCache(cache_folder() / "stages")


def ask_corpus(
    source: Corpus,
    profile: Profile,
    plan: Plan,
    *,
    roles: Sequence[Role],
    n_jobs: int = -1,
    show: Show = silent,
) -> Answers:
    """Return what an index of the corpus under a profile answers to the planned queries.

    The index is made in a temporary folder and removed again. ``roles`` says which halves of
    the corpus are asked about.
    """
    parts = plan.split(source)
    asked = [query for role in roles for query in plan.queries(parts, role)]
    role_of = {track: name for role in roles for track, name in parts.roles(role).items()}
    with TemporaryDirectory(prefix="fpbench-") as folder:
        bench = plan.bench(source, profile, Path(folder) / "index.db")
        testbed.build_index(bench, parts.indexed, n_jobs=n_jobs, show=show)
        return evaluation.ask(bench, asked, roles=role_of, n_jobs=n_jobs, show=show)


def sources_for(conditions: Sequence[Condition]) -> Sources:
    """Return the audio files that conditions draw from, preparing a corpus where one is needed."""
    recorded = any(
        isinstance(step, Babble) and step.talkers == "recorded"
        for condition in conditions
        for step in condition.chain
    )
    if not recorded:
        return {}
    speech = corpus("debian-speech")
    return {"speech": tuple(speech.path_of(track) for track in speech.tracks)}
