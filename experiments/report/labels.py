"""Labels in tables and figures: of parameters, values, sizes and times.

A swept parameter is known by its path in the profile, such as ``fingerprint.pairs.fan_out``.
Shares are in [0, 1] and are written in percent; "–" stands for what is not known.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "fingerprint.spectrogram.n_fft": ("window", "samples"),
    "fingerprint.spectrogram.hop_length": ("hop", "samples"),
    "fingerprint.spectrogram.min_hz": ("band from", "Hz"),
    "fingerprint.spectrogram.max_hz": ("band to", "Hz"),
    "fingerprint.whitening.width_hz": ("whitening width", "Hz"),
    "fingerprint.whitening.width_s": ("whitening length", "s"),
    "fingerprint.peaks.neighbourhood": ("peak neighbourhood", ""),
    "fingerprint.peaks.neighbourhood.width_s": ("neighbourhood length", "s"),
    "fingerprint.peaks.neighbourhood.width_hz": ("neighbourhood width", "Hz"),
    "fingerprint.peaks.max_peaks_per_s": ("peak density", "peaks/s"),
    "fingerprint.peaks.kept_peaks_per_s": ("density of the peaks kept", "peaks/s"),
    "fingerprint.pairs.fan_out": ("fan-out", "pairs/peak"),
    "fingerprint.pairs.min_delta_s": ("least Δt", "s"),
    "fingerprint.pairs.max_delta_s": ("Δt limit", "s"),
    "fingerprint.pairs.max_delta_hz": ("Δf limit", "Hz"),
    "fingerprint.token": ("token", ""),
    "query.max_peaks_per_s": ("query peak density", "peaks/s"),
    "query.fan_out": ("query fan-out", "pairs/peak"),
    "query.n_shifts": ("query shifts", ""),
    "query.offset_tolerance_frames": ("offset tolerance", "frames"),
    "query.n_candidates": ("candidates", "songs"),
    "query.n_offsets": ("offsets a song", ""),
    "profile": ("profile", ""),
}


def parameter(path: str) -> str:
    """Return what a swept parameter is called, without its unit."""
    return PARAMETERS.get(path, (path.rpartition(".")[2].replace("_", " "), ""))[0]


def axis(path: str) -> str:
    """Return the label of a parameter's axis, with its unit."""
    unit = PARAMETERS.get(path, ("", ""))[1]
    return f"{parameter(path)} [{unit}]" if unit else parameter(path)


def value(one: Any) -> str:
    """Return the value of a parameter, short."""
    if one is None:
        return "none"
    if isinstance(one, Mapping):
        inner = [f"{name} {value(part)}" for name, part in one.items() if name != "kind"]
        return ", ".join([str(one.get("kind", "")), *inner]).strip(", ")
    if isinstance(one, bool | str):
        return str(one)
    if isinstance(one, int | float):
        return f"{one:g}"
    return json.dumps(one)


def settings(swept: Mapping[str, Any]) -> str:
    """Return the swept values of a trial on one line; "as it is" when nothing was varied.

    Examples
    --------
    >>> settings({"fingerprint.pairs.fan_out": 5, "fingerprint.pairs.max_delta_s": 1.5})
    'fan-out 5, Δt limit 1.5 s'
    """
    if not swept:
        return "as it is"
    return ", ".join(
        value(one) if path == "profile" else f"{parameter(path)} {_quantity(path, one)}"
        for path, one in swept.items()
    )


def _quantity(path: str, one: Any) -> str:
    """Return a value with its unit where that is a physical one; counts speak for themselves."""
    unit = PARAMETERS.get(path, ("", ""))[1]
    is_number = isinstance(one, int | float) and not isinstance(one, bool)
    return f"{value(one)} {unit}" if unit in {"s", "Hz"} and is_number else value(one)


def heading(text: str) -> str:
    """Return a text with a capital at its beginning; Greek letters are symbols and stay."""
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def percent(share: float, decimals: int = 1) -> str:
    """Return a share in percent, "–" when there is none."""
    return "–" if math.isnan(share) else f"{100 * share:.{decimals}f}%"


def interval(low: float, high: float, decimals: int = 1) -> str:
    """Return an interval of shares in percent.

    Parameters
    ----------
    low, high : float, in [0, 1]
        The bounds.
    decimals : int, at least 0, optional
        Digits after the point.

    Examples
    --------
    >>> interval(0.812, 0.904)
    '81.2 to 90.4%'
    """
    return f"{100 * low:.{decimals}f} to {100 * high:.{decimals}f}%"


def milliseconds(seconds: float) -> str:
    """Return a short time in milliseconds, to a hundredth below 10 and a tenth below 100."""
    if math.isnan(seconds):
        return "–"
    ms = 1e3 * seconds
    decimals = 0 if ms >= 99.95 else 1 if ms >= 9.995 else 2
    return f"{ms:.{decimals}f} ms"


def megabytes(n_bytes: float) -> str:
    """Return a size in megabytes (10⁶ bytes) with three significant digits."""
    return "–" if math.isnan(n_bytes) else f"{n_bytes / 1e6:.3g} MB"


def listed(names: Sequence[str]) -> str:
    """Return names as "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
