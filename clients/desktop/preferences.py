"""Preferences of the desktop client."""

from __future__ import annotations

from dataclasses import dataclass

RECORDING_S = (5, 8, 10)
"""How long a recording may be."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the user chose.

    ``source`` is the name of the input to record from, empty for the system's own choice;
    ``is_local`` tells that this computer serves.
    """

    address: str = "http://127.0.0.1:8000"
    key: str = ""
    recording_s: int = 8
    source: str = ""
    is_dark: bool = False
    is_local: bool = False

    def __post_init__(self) -> None:
        if self.recording_s not in RECORDING_S:
            raise ValueError(f"recording_s is none of {RECORDING_S}")
