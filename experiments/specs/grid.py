"""Trials of a sweep: each of its profiles under every combination of the values in its grids.

The order is fixed: profiles, then the fingerprint grid, then the query grid, the last key changing
fastest. Equal sweeps give equal ids. Nothing is run here.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from fpcore.config import FingerprintConfig, Profile, QueryConfig, describe
from fpcore.errors import ConfigError

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


class Sweep(Protocol):
    """Profiles, and for each of them grids of dotted keys -> values to try."""

    @property
    def profiles(self) -> Sequence[Profile]:
        """At least one; the first, as it is, is the baseline."""
        ...

    @property
    def fingerprint(self) -> Mapping[str, tuple[Any, ...]]:
        """Values of keys of the `FingerprintConfig`."""
        ...

    @property
    def query(self) -> Mapping[str, tuple[Any, ...]]:
        """Values of keys of the `QueryConfig`."""
        ...


@dataclass(frozen=True)
class Trial:
    """One configuration of a sweep.

    ``id`` is short, stable and fit for a folder; ``swept`` are the values that distinguish the
    trial: ``profile``, ``fingerprint.<key>`` and ``query.<key>``.
    """

    id: str
    swept: Mapping[str, Any]
    profile: Profile


def expand(sweep: Sweep) -> list[Trial]:
    """Return every trial of a sweep: profiles × fingerprint grid × query grid, in that order.

    Trials that differ in the query grid alone have the same fingerprint configuration, and so
    share an index.

    Raises
    ------
    ConfigError
        When the values of a trial do not make a valid configuration; names trial and key.
    """
    trials = []
    for number, swept in enumerate(_combinations(sweep)):
        trials.append(trial_of(sweep, number, swept))
    return trials


def trial_of(sweep: Sweep, number: int, swept: Mapping[str, Any]) -> Trial:
    """Return the trial with the given number and swept values.

    Parameters
    ----------
    sweep : Sweep
        Gives the profile that is varied.
    number : int, at least 0
        Place of the trial in the sweep; it begins the id.
    swept : mapping of str to value
        ``profile`` (a name; the sweep's first by default), ``fingerprint.<key>`` and
        ``query.<key>``.

    Returns
    -------
    Trial

    Raises
    ------
    ConfigError
        When the values do not make a valid configuration; names trial and key.

    Examples
    --------
    >>> from experiments.specs.spec import load_spec
    >>> sweep = load_spec({"name": "fans", "profiles": "balanced", "degradations": "clean"})
    >>> trial = trial_of(sweep, 3, {"fingerprint.pairs.fan_out": 5, "query.n_shifts": 1})
    >>> trial.id
    't003-fanout5-qnshifts1'
    >>> trial.profile.fingerprint.pairs.fan_out
    5
    """
    trial_id = _trial_id(number, swept)
    base = next(
        one for one in sweep.profiles if one.name == swept.get("profile", sweep.profiles[0].name)
    )
    return Trial(trial_id, swept, _varied(base, trial_id, swept))


def choices(sweep: Sweep) -> dict[str, tuple[Any, ...]]:
    """Return for each swept key, by its path as in `Trial`, the values that it takes."""
    found: dict[str, tuple[Any, ...]] = {}
    if len(sweep.profiles) > 1:
        found["profile"] = tuple(profile.name for profile in sweep.profiles)
    found |= {f"fingerprint.{key}": values for key, values in sweep.fingerprint.items()}
    found |= {f"query.{key}": values for key, values in sweep.query.items()}
    return found


def baseline(sweep: Sweep) -> str | None:
    """Return the id of the trial that is the first profile as it is; None when there is none."""
    base = sweep.profiles[0]
    for trial in expand(sweep):
        asked = (trial.profile.fingerprint, trial.profile.query)
        if asked == (base.fingerprint, base.query):
            return trial.id
    return None


def _combinations(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Yield the swept values of every trial, the last parameter changing fastest."""
    found = choices(sweep)
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
