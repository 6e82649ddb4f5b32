"""Options of the commands that ask a corpus, and the plan that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from typer.models import OptionInfo

from experiments.protocol.defaults import CLIP_LENGTHS_S, LEFT_OUT_SHARE, REPORTED_CONDITIONS

if TYPE_CHECKING:
    from experiments.corpora import Corpus
    from experiments.evaluation.context import Context
    from experiments.protocol.plan import Plan
    from experiments.specs.spec import SweepSpec

ProfileName = Annotated[
    str, typer.Option("--profile", metavar="NAME|FILE", help="The profile to ask with.")
]
CorpusName = Annotated[
    str,
    typer.Option(
        "--corpus",
        metavar="NAME",
        help="The music: generated, demo, debian-games, folder:PATH or csv:FILE.",
    ),
]
NQueries = Annotated[
    int,
    typer.Option(
        "--queries",
        metavar="N",
        min=1,
        help="Clips of indexed and of left-out songs each, per condition and length.",
    ),
]
LeftOut = Annotated[
    float,
    typer.Option(
        "--left-out",
        metavar="SHARE",
        min=0.01,
        max=0.9,
        help="Share of the works that stays out of the index.",
    ),
]
Seed = Annotated[int, typer.Option(help="Another seed: another split, other clips and noise.")]
ConditionsOf = Annotated[
    str | None,
    typer.Option(
        "--spec",
        metavar="NAME|FILE",
        help="A sweep's spec whose conditions are known by their names, with the noise and rooms "
        "of its sources. Without --condition: all of its degradations.",
    ),
]


def conditions_option(without_it: str) -> OptionInfo:
    """Return the option for the conditions to ask under; ``without_it`` says which are meant."""
    option: OptionInfo = typer.Option(
        "--condition",
        metavar="NAME",
        help="A condition to ask under; may be given several times. An asterisk in it stands for "
        "anything, as in 'silence-*'. Without it: " + without_it,
    )
    return option


def clips_option(without_it: str) -> OptionInfo:
    """Return the option for the lengths of clips; ``without_it`` says which are meant."""
    option: OptionInfo = typer.Option(
        "--clip",
        metavar="SECONDS",
        min=0.5,
        help="A clip length; may be given several times. Without it: " + without_it,
    )
    return option


ClipLengths = Annotated[list[float] | None, clips_option("10 and 5.")]
ConditionNames = Annotated[
    list[str] | None, conditions_option("the sixteen that profiles are reported under.")
]


def _refuse_repeats(option: str, values: Sequence[str]) -> None:
    from fpcore.errors import ConfigError

    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{option} {value} is given twice: give each once")


def plan_of(
    names: Sequence[str] | None,
    clip_lengths_s: Sequence[float] | None,
    n_queries: int,
    seed: int,
    *,
    spec: SweepSpec | None = None,
    n_indexed: int | None = None,
    conditions: Sequence[str] = REPORTED_CONDITIONS,
    left_out_share: float = LEFT_OUT_SHARE,
) -> Plan:
    """Return the plan that the options of a command make.

    Parameters
    ----------
    names : sequence of str, or None
        Conditions that were named, as `experiments.degradations.conditions` takes them; without
        any, those of ``spec`` or else ``conditions`` are meant.
    clip_lengths_s : sequence of float, or None
        Lengths in seconds that were named; without any, `CLIP_LENGTHS_S` are meant.
    n_queries : int, at least 1
        Clips of left-out songs for each condition and length.
    seed : int
        Seed of the split, the clips and the noise.
    spec : SweepSpec, optional
        Its conditions may be named, too.
    n_indexed : int, optional
        Clips of indexed songs; by default as many as of left-out ones.
    conditions : sequence of str, optional
        Conditions to ask under where none are named.
    left_out_share : float, in [0, 1), optional
        Share of the works that stays out of the index.

    Raises
    ------
    ConfigError
        When a condition is unknown, or one or a length is given twice: its queries would count
        twice.
    """
    from experiments.degradations import conditions as named
    from experiments.protocol.plan import Plan

    own = spec.degradations if spec else ()
    asked = named(names or [one.name for one in own] or conditions, own)
    _refuse_repeats("--condition", [one.name for one in asked])
    _refuse_repeats("--clip", [f"{clip_s:g}" for clip_s in clip_lengths_s or ()])
    return Plan(
        asked,
        tuple(clip_lengths_s or CLIP_LENGTHS_S),
        n_queries if n_indexed is None else n_indexed,
        n_queries,
        seed=seed,
        left_out_share=left_out_share,
    )


def spec_of(name: str | None) -> SweepSpec | None:
    """Return the spec that ``--spec`` names, if it does; its paths are relative to this folder."""
    if name is None:
        return None
    from experiments.specs.spec import load_spec

    return load_spec(name)


def context_of(source: Corpus, plan: Plan, spec: SweepSpec | None) -> Context:
    """Return the context of a plan on a corpus, with the sources of a spec if there is one.

    Parameters
    ----------
    source : Corpus
        The music.
    plan : Plan
        What `plan_of` returned.
    spec : SweepSpec or None
        What `spec_of` returned.

    Raises
    ------
    CorpusError
        When the corpus is too small for the plan, or a source cannot be prepared.
    """
    from experiments.evaluation.context import Context

    if spec is None:
        return Context.of(source, plan)
    from experiments.sweeps.prepared import sources_of

    sources = sources_of(spec.sources, plan.conditions, source, plan.split(source))
    return Context.of(source, plan, sources=sources)
