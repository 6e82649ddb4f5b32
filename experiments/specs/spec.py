"""Sweep descriptions: YAML files, checked when they are read.

A spec names what is asked (corpus, degradations, clip lengths, seed) and what is varied: one or
more profiles, and for each of them every combination of the values in the two grids. The keys
of a grid are dotted paths into `FingerprintConfig` and `QueryConfig`::

    question: What do denser fans cost, and what do they bring?
    corpus: generated
    profiles: [balanced]
    degradations: [clean, white-0db, {name: hiss, chain: [{kind: white, snr_db: 6}]}]
    clip_lengths_s: [5]
    fingerprint:
      pairs.fan_out: [3, 5, 10]
    query:
      n_shifts: [1, 2]

Recordings that someone made are asked beside the excerpts where a spec names their list::

    queries: {list: recordings.csv, by: device}

A loaded spec holds its profiles and degradations whole, not by name: it means the same after the
presets have changed. Whatever is wrong is refused when the file is read, before anything runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from experiments.degradations import Condition, condition
from experiments.protocol.defaults import CALIBRATION_SHARE, FALSE_ALARM_RATE, LEFT_OUT_SHARE
from experiments.protocol.plan import Plan
from experiments.protocol.recordings import LAYOUTS
from experiments.specs.content import read_content
from experiments.specs.grid import expand
from fpcore.config import Profile, Strict, describe
from fpcore.errors import ConfigError
from fpcore.profiles import load_profile

MAX_TRIALS = 10_000
"""A grid with more combinations than this is taken for a slip."""

Grid = dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]]
ProperFraction = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Excerpts(Strict):
    """Numbers of excerpts that are asked for each degradation and clip length."""

    indexed: Annotated[int, Field(ge=1)] = 40
    left_out: Annotated[int, Field(ge=1)] = 40


class ListedQueries(Strict):
    """Recordings whose right song is known, by their list (`experiments.protocol.recordings`).

    ``list`` is a file or folder, ``layout`` that of `LAYOUTS` (by default as `read_queries` takes
    it), and ``by`` the column whose values are conditions of their own; without it all recordings
    are of one.
    """

    list: Annotated[str, Field(min_length=1)]
    layout: str | None = None
    by: str | None = None

    @field_validator("layout")
    @classmethod
    def _check_layout(cls, name: str | None) -> str | None:
        if name is not None and name not in LAYOUTS:
            raise ValueError(f"there is no layout {name!r}: choose one of {', '.join(LAYOUTS)}")
        return name


class SweepSpec(Strict):
    """One sweep, complete.

    Parameters
    ----------
    name : str
        Name of the file, without its suffix; runs are named after it.
    question : str
        What the sweep is to answer, for the report.
    corpus : str
        What `experiments.corpora.corpus` understands.
    seed : int, at least 0
        Seeds the split, the excerpts and the noise.
    profiles : tuple of Profile, at least one
        Each is varied by the grids. The first, as it is, is the baseline.
    degradations : tuple of Condition, at least one
        Conditions that every excerpt is asked under.
    clip_lengths_s : tuple of float, each above 0 and at most 600
        In seconds. Shorter clips are the beginnings of the longest.
    fingerprint, query : mapping of str to tuple
        Grids: dotted key of the configuration -> values.
    excerpts : Excerpts
        How many, of indexed and of left-out tracks.
    repeats : int, from 1 to 1000
        How often all is asked, each time with other excerpts and other noise.
    queries : ListedQueries, optional
        Recordings that are asked beside the excerpts. A file or folder stands for its list.
    sources : mapping of str to str
        Audio that degradations draw from: name -> corpus.
    calibration_share : float, in (0, 1)
        Share of the works that the sweep asks; the rest is for the test of what is promoted.
    left_out_share : float, in (0, 1)
        Share of the works that is not indexed.
    false_alarm_rate : float, in (0, 1)
        Share of queries of left-out tracks that may be given a name.
    timed_queries : int, at least 0
        How many queries are timed without any cache; see `experiments.sweeps.latency`.
    """

    name: Name
    question: str = ""
    corpus: str = "generated"
    seed: Annotated[int, Field(ge=0)] = 0
    profiles: Annotated[tuple[Profile, ...], Field(min_length=1)]
    degradations: Annotated[tuple[Condition, ...], Field(min_length=1)]
    clip_lengths_s: Annotated[
        tuple[Annotated[float, Field(gt=0, le=600)], ...], Field(min_length=1)
    ] = (10.0,)
    fingerprint: Grid = Field(default_factory=dict)
    query: Grid = Field(default_factory=dict)
    excerpts: Excerpts = Excerpts()
    repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    queries: ListedQueries | None = Field(default=None, exclude_if=lambda one: one is None)
    sources: dict[Name, str] = Field(default_factory=dict)
    calibration_share: ProperFraction = CALIBRATION_SHARE
    left_out_share: ProperFraction = LEFT_OUT_SHARE
    false_alarm_rate: ProperFraction = FALSE_ALARM_RATE
    timed_queries: Annotated[int, Field(ge=0)] = 20

    @field_validator("profiles", "degradations", "clip_lengths_s")
    @classmethod
    def _check_names(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [getattr(value, "name", value) for value in values]
        _refuse_repeats(names)
        return values

    @model_validator(mode="after")
    def _check_trials(self) -> SweepSpec:
        for key, values in (*self.fingerprint.items(), *self.query.items()):
            try:
                _refuse_repeats([json.dumps(value) for value in values])
            except (TypeError, ValueError) as error:
                raise ValueError(f"{key}: {error}") from None
        n_trials = len(self.profiles)
        for values in (*self.fingerprint.values(), *self.query.values()):
            n_trials *= len(values)
        if n_trials > MAX_TRIALS:
            raise ValueError(f"the grids give {n_trials:,} trials, more than {MAX_TRIALS:,}")
        expand(self)
        return self

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of everything in the spec, its profiles included."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def plan(self) -> Plan:
        """Who is asked what."""
        return Plan(
            conditions=self.degradations,
            clip_lengths_s=self.clip_lengths_s,
            n_indexed=self.excerpts.indexed,
            n_left_out=self.excerpts.left_out,
            seed=self.seed,
            repeats=self.repeats,
            calibration_share=self.calibration_share,
            left_out_share=self.left_out_share,
        )


def load_spec(source: str | Path | Mapping[str, Any], settings: Sequence[str] = ()) -> SweepSpec:
    """Return a spec from a file, from its name in ``experiments/specs``, or from its content.

    Parameters
    ----------
    source : str, Path or mapping
        A name such as ``classic``, a path ending in ``.yml`` or ``.yaml``, or the content with a
        ``name``.
    settings : sequence of str, optional
        ``key=value`` each, the value in YAML: replace or add single keys, dotted into mappings.

    Raises
    ------
    ConfigError
        When it cannot be read or is not valid; the sentence names the key by its dotted path.

    Examples
    --------
    >>> from experiments.specs.grid import expand
    >>> spec = load_spec("classic", ["fingerprint.pairs.fan_out=[3, 5]", "clip_lengths_s=[5, 10]"])
    >>> spec.clip_lengths_s, {trial.profile.fingerprint.pairs.fan_out for trial in expand(spec)}
    ((5.0, 10.0), {3, 5})
    """
    content, label = read_content(source, settings)
    try:
        spec = SweepSpec.model_validate(_resolved(content))
        _refuse_equal_trials(spec)
        return spec
    except ValidationError as error:
        raise ConfigError(f"{label}: {describe(error)}") from None
    except ConfigError as error:
        raise ConfigError(f"{label}: {error}") from None


def _resolved(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with the names of profiles and degradations replaced by what they name.

    Single values stand for lists of one.
    """
    found = dict(content)
    for key in ("profiles", "degradations", "clip_lengths_s"):
        if key in found and not isinstance(found[key], list | tuple):
            found[key] = [found[key]]
    if isinstance(found.get("queries"), str):
        found["queries"] = {"list": found["queries"]}
    for key, look_up in (("profiles", load_profile), ("degradations", condition)):
        if key in found:
            found[key] = [
                look_up(value) if isinstance(value, str) else value for value in found[key]
            ]
    return found


def _refuse_equal_trials(spec: SweepSpec) -> None:
    """Refuse grids that try a configuration twice: its rows would count twice.

    Runs that were recorded with such grids can still be read.
    """
    for part, grid in (("fingerprint", spec.fingerprint), ("query", spec.query)):
        for key in grid:
            inner = next((one for one in grid if one.startswith(f"{key}.")), None)
            if inner is not None:
                raise ConfigError(f"{part}: {inner} is part of {key}: vary one of them alone")
    seen: dict[str, str] = {}
    for trial in expand(spec):
        configuration = trial.profile.model_dump_json(exclude={"name", "description"})
        if configuration in seen:
            raise ConfigError(
                f"the trials {seen[configuration]} and {trial.id} are the same configuration: "
                "leave out one of the values or profiles that tell them apart"
            )
        seen[configuration] = trial.id


def _refuse_repeats(values: Sequence[Any]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value} comes twice")
