"""Audio fingerprinting: from a recording to a constellation, to hashes, to the song it is.

`Library` learns songs and recognises recordings of them. Everything it does is a plain function:
`fpcore.audio` decodes, `fpcore.stages` has one module a stage, `fpcore.pipeline` composes them,
`fpcore.search` searches a recording in passes, and `fpcore.store` keeps the index.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpcore.config import FingerprintConfig, Profile, QueryConfig
    from fpcore.errors import FpError
    from fpcore.library import Library
    from fpcore.profiles import load_profile
    from fpcore.records import Appearance, Match, Recognition, Signal

_HOME = {
    "Appearance": "records",
    "FingerprintConfig": "config",
    "FpError": "errors",
    "Library": "library",
    "Match": "records",
    "Profile": "config",
    "QueryConfig": "config",
    "Recognition": "records",
    "Signal": "records",
    "load_profile": "profiles",
}

__all__ = [
    "Appearance",
    "FingerprintConfig",
    "FpError",
    "Library",
    "Match",
    "Profile",
    "QueryConfig",
    "Recognition",
    "Signal",
    "load_profile",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that commands start at once."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
