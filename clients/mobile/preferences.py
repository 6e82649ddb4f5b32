"""Preferences of the mobile client."""

from __future__ import annotations

from dataclasses import dataclass

LOOKS = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class PhonePreferences:
    """What the user chose; ``look`` is one of `LOOKS`."""

    address: str = "http://127.0.0.1:8000"
    key: str = ""
    look: str = "system"

    def __post_init__(self) -> None:
        if self.look not in LOOKS:
            raise ValueError(f"look is none of {LOOKS}")
