"""Prepared sweep: a spec, and the music, split and cache that all its trials share.

Whatever makes a sweep impossible is found here, before anything is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Console

from experiments.corpora import Corpus, Track, corpus
from experiments.degradations import Condition, Sources
from experiments.errors import CorpusError
from experiments.evaluation.context import Context, sources_for
from experiments.evaluation.stage_cache import StageCache
from experiments.protocol.splits import ROLES, Split, least_works
from experiments.specs.spec import SweepSpec
from experiments.sweeps.recordings import recordings_of

MIN_WORKS = 2
"""Works that each of the four groups needs: a decision is judged on works it was not fitted on."""


@dataclass(frozen=True)
class PreparedSweep:
    """A spec, and the context in which every trial of it is asked.

    ``n_listed`` counts the rows of the list of recordings, of which the context has those that can
    be asked.
    """

    spec: SweepSpec
    context: Context
    n_listed: int = 0


def prepare(
    spec: SweepSpec, *, cache: StageCache | None = None, console: Console | None = None
) -> PreparedSweep:
    """Return a sweep that can run, preparing its corpora where that has not been done.

    Parameters
    ----------
    spec : SweepSpec
        What is swept.
    cache : StageCache, optional
        Where stages are kept; by default the cache that all runs share.
    console : Console, optional
        Where the preparation of a corpus is shown; by default standard error.

    Raises
    ------
    CorpusError
        When the corpus is empty, or too small for the split and the queries, or no recording of
        the spec's can be asked.
    ConfigError
        When the list of recordings is not divided as the spec says.
    """
    console = console or Console(stderr=True)
    source = corpus(spec.corpus, console=console)
    if not source.tracks:
        raise CorpusError(f"the corpus {spec.corpus} is empty: add recordings or take another one")
    parts = spec.plan.split(source)  # too small a corpus is told before sources are prepared
    sources = sources_of(spec.sources, spec.degradations, source, parts, console=console)
    context = Context.of(source, spec.plan, sources=sources, cache=cache)
    listed = recordings_of(spec, source, parts, console=console)
    for role in ROLES:
        for tracks in context.parts.half(role):
            _check_suffices(spec, tracks)
        context.queries(role)
    context = replace(context, keeps_queries=True, recordings=listed.asked)
    return PreparedSweep(spec, context, listed.n_listed)


def _check_suffices(spec: SweepSpec, tracks: Sequence[Track]) -> None:
    longest_s = spec.plan.longest_s
    n_works = len({track.work for track in tracks if track.duration_s >= longest_s})
    if n_works < MIN_WORKS:
        least = least_works(MIN_WORKS, spec.calibration_share, spec.left_out_share)
        raise CorpusError(
            f"the corpus {spec.corpus} is too small: calibration and test need {MIN_WORKS} works "
            f"of at least {longest_s:g} s each, indexed and left out, which takes {least} works in "
            f"all, and one group has {n_works}: take a larger corpus, other shares, or shorter "
            "clips"
        )


def sources_of(
    spec_sources: Mapping[str, str],
    conditions: Sequence[Condition],
    music: Corpus,
    parts: Split,
    *,
    console: Console | None = None,
) -> Sources:
    """Return the files that conditions draw from: those of a spec, else those known here.

    Parameters
    ----------
    spec_sources : mapping of str to str
        The ``sources`` of a spec: name -> corpus.
    conditions : sequence of Condition
        Conditions that are asked under.
    music : Corpus
        The music, of which left-out songs are drawn from by some.
    parts : Split
        Which these are.
    console : Console, optional
        Where the preparation of a corpus is shown; by default standard error.
    """
    named = {}
    for name, source_name in spec_sources.items():
        source = corpus(source_name, console=console)
        named[name] = tuple(source.path_of(track) for track in source.tracks)
    unnamed = [condition for condition in conditions if not _draws(condition, named)]
    return {**sources_for(unnamed, music, parts), **named}


def _draws(condition: Condition, named: Mapping[str, object]) -> bool:
    """Whether every source of a condition is among those named."""
    return set(condition.source_names) <= set(named)
