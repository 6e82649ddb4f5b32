"""Provenance of rows: versions, commit and machine, on which they may depend besides the spec."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from fpcore.config import ALGORITHM_VERSION
from fpcore.folders import checkout

_VERSIONED = (
    "fpworkbench",
    "av",
    "numba",
    "numpy",
    "pandas",
    "pyroomacoustics",
    "scikit-learn",
    "scipy",
    "soundfile",
    "soxr",
)
"""Packages that the rows may depend on."""


def now() -> str:
    """Return the time in ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions of all that rows depend on."""
    found = {"python": platform.python_version(), "algorithm": str(ALGORITHM_VERSION)}
    for name in _VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def host() -> dict[str, Any]:
    """Return what the times depend on: processor, cores, system."""
    return {
        "cpu": _cpu_name(),
        "n_cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def git_commit() -> str | None:
    """Return the commit of the checkout, ``+`` when it was changed; None without a checkout."""
    project = checkout()
    if project is None:
        return None
    git = ["git", "-C", str(project)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
        changes = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}+" if changes else commit
