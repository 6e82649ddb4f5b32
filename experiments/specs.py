"""Sweep descriptions: YAML files, checked when they are read, and the trials they stand for.

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

A loaded spec holds its profiles and degradations whole, so it means the same when the presets
have changed since. Whatever is wrong is refused when the file is read, before anything runs.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from experiments.degradations import Condition, condition
from fpcore.config import FingerprintConfig, Profile, QueryConfig, Strict, describe
from fpcore.errors import ConfigError
from fpcore.profiles import load_profile, profile_path

MAX_TRIALS = 10_000
"""A grid with more combinations than this is taken for a slip."""

SPECS_FOLDER = Path(__file__).resolve().parent / "specs"

Grid = dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]]
Share = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]

_LABELS = {
    "hop_length": "hop",
    "max_peaks_per_s": "density",
    "max_delta_s": "dt",
    "max_delta_hz": "df",
    "min_delta_s": "mindt",
    "offset_tolerance_frames": "tolerance",
    "neighbourhood": "area",
}
"""Short words for configuration keys in the ids of trials."""


class Excerpts(Strict):
    """How many excerpts are asked for each degradation and clip length."""

    indexed: Annotated[int, Field(ge=1)] = 40
    left_out: Annotated[int, Field(ge=1)] = 40


class SweepSpec(Strict):
    """One sweep, complete.

    Parameters
    ----------
    name
        Of the file, without its suffix; runs are named after it.
    question
        What the sweep is to answer, for the report.
    corpus
        What `experiments.corpora.corpus` understands.
    profiles
        Each is varied by the grids. The first, as it is, is the baseline.
    degradations
        Conditions that every excerpt is asked under.
    clip_lengths_s
        Shorter clips are the beginnings of the longest.
    fingerprint, query
        Grids: dotted key of the configuration -> values.
    excerpts
        How many, of indexed and of left-out tracks.
    repeats
        How often all is asked, each time with other excerpts and other noise.
    sources
        Audio that degradations draw from: name -> corpus.
    calibration_share
        Share of the works that the sweep asks; the rest is for the test of what is promoted.
    left_out_share
        Share of the works that is not indexed.
    false_alarm_rate
        Share of queries of left-out tracks that may be given a name.
    timed_queries
        How many queries are timed without any cache; see `experiments.latency`.
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
    sources: dict[Name, str] = Field(default_factory=dict)
    calibration_share: Share = 0.5
    left_out_share: Share = 0.3
    false_alarm_rate: Share = 0.01
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
    def longest_s(self) -> float:
        """Length of the longest clips in seconds."""
        return max(self.clip_lengths_s)


@dataclass(frozen=True)
class Trial:
    """One configuration of a sweep.

    ``id`` is short, stable and fit for a folder; ``swept`` are the values that distinguish the
    trial: ``profile``, ``fingerprint.<key>`` and ``query.<key>``.
    """

    id: str
    swept: Mapping[str, Any]
    profile: Profile


def expand(spec: SweepSpec) -> list[Trial]:
    """Return every trial of a sweep: profiles × fingerprint grid × query grid, in that order.

    Trials that differ in the query grid alone share the digest of their fingerprint, and so
    their index.

    Raises
    ------
    ConfigError
        When the values of a trial do not make a valid configuration; names trial and key.
    """
    trials = []
    for number, swept in enumerate(_combinations(spec)):
        trials.append(trial_of(spec, number, swept))
    return trials


def trial_of(spec: SweepSpec, number: int, swept: Mapping[str, Any]) -> Trial:
    """Return the trial of the given number and swept values.

    Raises
    ------
    ConfigError
        When they do not make a valid configuration; names trial and key.
    """
    trial_id = _trial_id(number, swept)
    base = next(
        one for one in spec.profiles if one.name == swept.get("profile", spec.profiles[0].name)
    )
    return Trial(trial_id, swept, _varied(base, trial_id, swept))


def choices(spec: SweepSpec) -> dict[str, tuple[Any, ...]]:
    """Return every swept value's path with the values it takes; see `Trial`."""
    found: dict[str, tuple[Any, ...]] = {}
    if len(spec.profiles) > 1:
        found["profile"] = tuple(profile.name for profile in spec.profiles)
    found |= {f"fingerprint.{key}": values for key, values in spec.fingerprint.items()}
    found |= {f"query.{key}": values for key, values in spec.query.items()}
    return found


def baseline(spec: SweepSpec) -> str | None:
    """Return the id of the trial that is the first profile as it is; None when there is none."""
    base = spec.profiles[0]
    for trial in expand(spec):
        asked = (trial.profile.fingerprint, trial.profile.query)
        if asked == (base.fingerprint, base.query):
            return trial.id
    return None


def load_spec(source: str | Path | Mapping[str, Any], settings: Sequence[str] = ()) -> SweepSpec:
    """Return a spec from a file, from its name in ``experiments/specs``, or from its content.

    Parameters
    ----------
    source
        ``classic``, a path ending in ``.yml`` or ``.yaml``, or the content with a ``name``.
    settings
        ``key=value`` each, the value in YAML: replace or add single keys, dotted into mappings.

    Raises
    ------
    ConfigError
        When it cannot be read or is not valid; the sentence names the key by its dotted path.
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


def read_content(
    source: str | Path | Mapping[str, Any], settings: Sequence[str] = ()
) -> tuple[dict[str, Any], str]:
    """Return the raw content of a spec under ``settings``, and what to call it in messages."""
    if isinstance(source, Mapping):
        content, label = dict(source), f"sweep {source.get('name', 'without a name')}"
    else:
        path = _spec_path(source)
        content, label = {"name": path.stem, **_read(path)}, str(source)
    for setting in settings:
        _apply(content, setting)
    return content, label


def with_absolute_paths(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the raw content of a spec as it reads in any working folder.

    Files of profiles and folders of recordings that are named from the working folder of this
    process are named from the root on.
    """
    found = dict(content)
    profiles = found.get("profiles")
    if isinstance(profiles, str):
        found["profiles"] = _absolute_profile(profiles)
    elif isinstance(profiles, list | tuple):
        found["profiles"] = [
            _absolute_profile(one) if isinstance(one, str) else one for one in profiles
        ]
    if isinstance(found.get("corpus"), str):
        found["corpus"] = _absolute_corpus(found["corpus"])
    if isinstance(found.get("sources"), dict):
        sources = found["sources"].items()
        found["sources"] = {
            name: _absolute_corpus(one) if isinstance(one, str) else one for name, one in sources
        }
    return found


def _absolute_profile(name: str) -> str:
    return str(Path(name).resolve()) if profile_path(name) == Path(name) else name


def _absolute_corpus(name: str) -> str:
    kind, _, path = name.partition(":")
    if kind != "folder" or not path or Path(path).expanduser().is_absolute():
        return name
    return f"folder:{Path(path).resolve()}"


def spec_names() -> list[str]:
    """Return the names of the specs that come with the project, sorted."""
    return sorted(path.stem for path in SPECS_FOLDER.glob("*.yml"))


def _spec_path(source: str | Path) -> Path:
    path = Path(source)
    if isinstance(source, str) and path.suffix not in {".yml", ".yaml"} and len(path.parts) == 1:
        return SPECS_FOLDER / f"{source}.yml"
    return path


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except OSError as error:
        known = ", ".join(spec_names())
        raise ConfigError(
            f"cannot read the spec {path} ({error.strerror}): name a file or one of {known}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold keys and values, such as `corpus: generated`")
    return content


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that comes twice, of which YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} comes twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def _apply(content: dict[str, Any], setting: str) -> None:
    """Set one ``key=value`` in the content of a spec."""
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise ConfigError(f"a setting must be key=value, such as seed=1, got {setting!r}")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"the value of {key} is not YAML: {text!r}") from None
    head, dot, rest = key.partition(".")
    if not dot:
        content[head] = value
        return
    inner = content.get(head, {})
    if not isinstance(inner, dict):
        raise ConfigError(f"{key} cannot be set: {head} is not a mapping")
    # The keys of the grids are themselves dotted, so what follows the first dot is one key.
    content[head] = {**inner, rest: value}


def _resolved(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with the names of profiles and degradations replaced by what they name.

    Single values stand for lists of one.
    """
    found = dict(content)
    for key in ("profiles", "degradations", "clip_lengths_s"):
        if key in found and not isinstance(found[key], list | tuple):
            found[key] = [found[key]]
    for key, look_up in (("profiles", load_profile), ("degradations", condition)):
        if key in found:
            found[key] = [
                look_up(value) if isinstance(value, str) else value for value in found[key]
            ]
    return found


def _combinations(spec: SweepSpec) -> Iterator[dict[str, Any]]:
    """Yield the swept values of every trial, the last parameter changing fastest."""
    found = choices(spec)
    for values in itertools.product(*found.values()):
        yield dict(zip(found, values, strict=True))


def _varied(base: Profile, trial_id: str, swept: Mapping[str, Any]) -> Profile:
    content = base.model_dump(mode="json", include={"fingerprint", "query"})
    for path, value in swept.items():
        if path != "profile":
            _set(content, path.split("."), value)
    parts: dict[str, Any] = {}
    for part, model in (("fingerprint", FingerprintConfig), ("query", QueryConfig)):
        try:
            parts[part] = model.model_validate(content[part])
        except ValidationError as error:
            raise ConfigError(f"trial {trial_id}: {part}.{describe(error)}") from None
    return Profile(
        name=trial_id,
        description=f"A variation of {base.name}.",
        decision=base.decision,
        **parts,
    )


def _set(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a leaf; what is no mapping on the way is left for the model to refuse by its path."""
    *above, leaf = path
    for key in above:
        inner = tree.get(key)
        if not isinstance(inner, dict):
            inner = tree[key] = {}
        tree = inner
    tree[leaf] = deepcopy(value)  # the next key may be set within it


def _refuse_repeats(values: Sequence[Any]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value} comes twice")


def _trial_id(number: int, swept: Mapping[str, Any]) -> str:
    """Return ``t003-fanout5-density10``: number, and the swept values in short words."""
    words = [f"t{number:03d}"]
    for path, value in swept.items():
        part, _, key = path.partition(".")
        leaf = key.rpartition(".")[2]
        label = _LABELS.get(leaf, leaf.replace("_", ""))
        words.append(f"{'q' if part == 'query' else ''}{label}{_value_word(value)}")
    return "-".join(words)[:60].rstrip("-.")


def _value_word(value: Any) -> str:
    if isinstance(value, dict):
        canonical = json.dumps(value, sort_keys=True)
        return f"{value.get('kind', '')}{hashlib.sha256(canonical.encode()).hexdigest()[:4]}"
    text = f"{value:g}" if isinstance(value, float) else str(value).lower()
    return re.sub(r"[^A-Za-z0-9.]", "", text)
