"""Profile files: where they lie, and how a name finds one.

A profile is one JSON file. Presets and promoted profiles lie together in
``experiments/profiles/`` of the project; the environment variable ``FPCORE_PROFILES`` names
another folder, and what ends in ``.json`` or names a folder is taken as a path.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from fpcore.config import Profile, parse
from fpcore.errors import ConfigError

DEFAULT_PROFILE = "balanced"


def profiles_folder() -> Path:
    """Return the folder in which profile names are looked up."""
    override = os.environ.get("FPCORE_PROFILES")
    if override:
        return Path(override)
    return Path(__file__).resolve().parent.parent / "experiments" / "profiles"


def profile_names() -> list[str]:
    """Return the names of the profiles at hand, sorted."""
    return sorted(path.stem for path in profiles_folder().glob("*.json"))


def profile_path(name_or_path: str | Path) -> Path:
    """Return the file of a profile: a path as it is, a name in the profiles' folder."""
    path = Path(name_or_path)
    is_name = path.name == name_or_path and path.suffix != ".json"
    return profiles_folder() / f"{name_or_path}.json" if is_name else path


def load_profile(name_or_path: str | Path = DEFAULT_PROFILE) -> Profile:
    """Return the profile of that name, or in that file.

    Raises
    ------
    ConfigError
        When there is none, or it is not a valid profile.
    """
    path = profile_path(name_or_path)
    try:
        content = path.read_bytes()
    except OSError as error:
        known = ", ".join(profile_names()) or "none"
        reason = error.strerror or "not readable"
        raise ConfigError(
            f"cannot read profile {str(name_or_path)!r} ({reason}): "
            f"name a file or one of the profiles at hand: {known}"
        ) from None
    return parse(Profile, content, source=path)


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile as readable JSON, all fields spelled out.

    A killed process or a power cut leaves the old file or the new one, whole; once this returns
    it is the new one.

    Raises
    ------
    ConfigError
        When it cannot be written.
    """
    text = profile.model_dump_json(indent=2) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _keep_names(path.parent)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ConfigError(f"cannot write profile {path}: {error.strerror}") from None


def _keep_names(folder: Path) -> None:
    """Let the names of a folder's files survive a power cut, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
