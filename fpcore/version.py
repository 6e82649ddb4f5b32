"""Version of the project that is installed."""

from __future__ import annotations

from importlib import metadata

DISTRIBUTION = "fpworkbench"


def version() -> str:
    """Return the version, such as ``0.1.0``; "not installed" in a checkout without set-up."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "not installed"
