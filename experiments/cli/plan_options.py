"""Options of the commands that ask a corpus, and the plan that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from typer.models import OptionInfo

if TYPE_CHECKING:
    from experiments.protocol.plan import Plan

CONDITIONS = (
    "clean",
    "mp3-32k",
    "telephone",
    "white-0db",
    "pink-m5db",
    "babble-0db",
    "babble-m5db",
    "room-babble-3db-opus-16k",
    "tempo-p6",
    "tempo-m6",
    "speed-p2",
    "speed-m2",
    "speed-p5",
    "speed-m5",
    "pitch-p1",
    "pitch-m1",
)
"""What profiles are calibrated and reported under, unless told otherwise."""

ProfileName = Annotated[
    str, typer.Option("--profile", metavar="NAME|FILE", help="The profile to ask with.")
]
CorpusName = Annotated[
    str,
    typer.Option(
        "--corpus",
        metavar="NAME",
        help="The music: generated, demo, debian-games or folder:PATH.",
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
Seed = Annotated[int, typer.Option(help="Another seed: another split, other clips and noise.")]


def conditions_option(without_it: str) -> OptionInfo:
    """Return the option for the conditions to ask under; ``without_it`` says which are meant."""
    option: OptionInfo = typer.Option(
        "--condition",
        metavar="NAME",
        help="A condition to ask under; may be given several times. Without it: " + without_it,
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
    n_indexed: int | None = None,
    conditions: Sequence[str] = CONDITIONS,
) -> Plan:
    """Return what is asked: ``conditions`` and clips of 10 and 5 s, unless others are named.

    ``n_queries`` are of left-out songs, and as many of indexed ones unless ``n_indexed`` are.

    Raises
    ------
    ConfigError
        When a condition is unknown, or one or a length is given twice: its queries would count
        twice.
    """
    from experiments.degradations import conditions as named
    from experiments.protocol.plan import Plan

    _refuse_repeats("--condition", names or ())
    _refuse_repeats("--clip", [f"{clip_s:g}" for clip_s in clip_lengths_s or ()])
    return Plan(
        named(names or conditions),
        tuple(clip_lengths_s or (10.0, 5.0)),
        n_queries if n_indexed is None else n_indexed,
        n_queries,
        seed=seed,
    )
