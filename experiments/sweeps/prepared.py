"""What all trials of a sweep have in common: who is asked what, and where stages are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from experiments.corpora import Corpus, Track, corpus
from experiments.degradations import Condition, Sources
from experiments.errors import CorpusError
from experiments.evaluation.context import Bench, bench_of, sources_for
from experiments.evaluation.stage_cache import StageCache, stage_cache
from experiments.protocol.plan import Plan
from experiments.protocol.queries import Query
from experiments.protocol.splits import ROLES, Role, Split
from experiments.specs.spec import SweepSpec
from fpcore.config import Profile

MIN_WORKS = 2
"""Works that each of the four groups needs: a decision is judged on works it was not fitted on."""


@dataclass(frozen=True)
class Setting:
    """A spec on a prepared corpus: the split, and the audio that degradations draw from."""

    spec: SweepSpec
    corpus: Corpus
    parts: Split
    sources: Sources
    cache: StageCache

    def plan(self, repeat: int = 0) -> Plan:
        """Return what is asked in a repeat: excerpts and noise differ, the split does not."""
        return plan_of(self.spec, repeat)

    def queries(self, role: Role, *, repeat: int = 0) -> list[Query]:
        """Return what one half is asked.

        Raises
        ------
        CorpusError
            When no track is long enough.
        """
        return self.plan(repeat).queries(self.parts, role)

    def bench(self, profile: Profile, database: Path, *, repeat: int = 0) -> Bench:
        """Return the bench on which a profile is asked."""
        return bench_of(
            self.plan(repeat),
            self.corpus,
            profile,
            database,
            sources=self.sources,
            cache=self.cache,
            keeps_queries=True,
        )


def plan_of(spec: SweepSpec, repeat: int = 0) -> Plan:
    """Return what a spec asks in one of its repeats."""
    return Plan(
        conditions=spec.degradations,
        clip_lengths_s=spec.clip_lengths_s,
        n_indexed=spec.excerpts.indexed,
        n_left_out=spec.excerpts.left_out,
        seed=spec.seed + repeat,
        calibration_share=spec.calibration_share,
        left_out_share=spec.left_out_share,
    )


def prepare(
    spec: SweepSpec, *, cache: StageCache | None = None, console: Console | None = None
) -> Setting:
    """Return the setting of a sweep, preparing its corpora where that has not been done.

    Raises
    ------
    CorpusError
        When the corpus is empty, or too small for the split and the queries.
    """
    source = corpus(spec.corpus, console=console)
    if not source.tracks:
        raise CorpusError(f"the corpus {spec.corpus} is empty: add recordings or take another one")
    parts = plan_of(spec).split(source)
    setting = Setting(spec, source, parts, _sources(spec, console), cache or stage_cache())
    for role in ROLES:
        for tracks in parts.half(role):
            _check_suffices(spec, tracks)
        setting.queries(role)
    return setting


def _check_suffices(spec: SweepSpec, tracks: Sequence[Track]) -> None:
    n_works = len({track.work for track in tracks if track.duration_s >= spec.longest_s})
    if n_works < MIN_WORKS:
        raise CorpusError(
            f"the corpus {spec.corpus} is too small: calibration and test need {MIN_WORKS} works "
            f"of at least {spec.longest_s:g} s each, indexed and left out, and one group has "
            f"{n_works}: take a larger corpus, other shares, or shorter clips"
        )


def _sources(spec: SweepSpec, console: Console | None) -> Sources:
    """Return the files that the degradations draw from: the spec's, else recorded speech."""
    named = {}
    for name, source_name in spec.sources.items():
        source = corpus(source_name, console=console)
        named[name] = tuple(source.path_of(track) for track in source.tracks)
    unnamed = [condition for condition in spec.degradations if not _draws(condition, named)]
    return {**sources_for(unnamed), **named}


def _draws(condition: Condition, named: Mapping[str, object]) -> bool:
    """Whether every source of a condition is among those named."""
    return all(getattr(step, "source", None) in {None, *named} for step in condition.chain)
