"""Profile files: where they lie, and how a name finds one.

A profile is one JSON file. Presets come with the package and are never written to. Profiles that
were promoted or calibrated lie in the user's folder of profiles (see `fpcore.folders`), which the
environment variable ``FPCORE_PROFILES`` can name. What ends in ``.json`` or names a folder is
taken as a path; any other name is looked up in the user's folder first, then among the presets.
So a user's file stands in for the preset of its name: calibrating a preset makes such a file,
promotion refuses to, and ``fpcore profile list`` tells where there is one.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fpcore import atomic
from fpcore.config import Profile, parse
from fpcore.errors import ConfigError
from fpcore.folders import user_folder

DEFAULT_PROFILE = "balanced"
PRESETS = Path(__file__).with_name("presets")
PROFILES_VARIABLE = "FPCORE_PROFILES"


def profiles_folder() -> Path:
    """Return the user's folder of profiles; it need not exist.

    Raises
    ------
    ConfigError
        When the file of the project is not valid; see `fpcore.folders`.
    """
    return user_folder("profiles", variable=PROFILES_VARIABLE)


def preset_names() -> list[str]:
    """Return the names of the profiles that come with the package, sorted."""
    return _names_in(PRESETS)


def user_profile_names() -> list[str]:
    """Return the names of the profiles in the user's folder, sorted."""
    return _names_in(profiles_folder())


def profile_names() -> list[str]:
    """Return the names of the profiles at hand, the user's and the presets, sorted."""
    return sorted({*user_profile_names(), *preset_names()})


def _names_in(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json"))


def profile_path(name_or_path: str | Path) -> Path:
    """Return the file that a profile is read from: a path as it is, a name where it is found."""
    path = writable_path(name_or_path)
    if not _is_name(name_or_path) or path.is_file():
        return path
    preset = PRESETS / path.name
    return preset if preset.is_file() else path


def writable_path(name_or_path: str | Path) -> Path:
    """Return the file that a profile is written to: a path as it is, a name in the user's folder.

    The path of a preset's file is a path like any other: so presets are made.
    """
    if _is_name(name_or_path):
        return profiles_folder() / f"{name_or_path}.json"
    return Path(name_or_path)


def _is_name(name_or_path: str | Path) -> bool:
    path = Path(name_or_path)
    return path.name == name_or_path and path.suffix != ".json"


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
        known = ", ".join(profile_names())
        reason = error.strerror or "not readable"
        raise ConfigError(
            f"cannot read profile {str(name_or_path)!r} ({reason}): "
            f"name a file or one of the profiles at hand: {known}"
        ) from None
    return parse(Profile, content, source=path)


@dataclass(frozen=True, slots=True)
class MadeWith:
    """The profile that an index was made with, as the index keeps it.

    ``by_name`` says that it could be found by its name then: see `today`.
    """

    profile: Profile
    by_name: bool

    @classmethod
    def of(cls, profile: Profile) -> MadeWith:
        """Return what an index keeps of a profile that it is made with."""
        with suppress(ConfigError):
            return cls(profile, load_profile(profile.name) == profile)
        return cls(profile, by_name=False)

    def today(self) -> Profile:
        """Return the profile to ask under.

        One that could be found by its name may have been calibrated anew, so the profile of that
        name is taken as long as it makes the same hashes. Of any other there is this copy alone.
        """
        if self.by_name:
            with suppress(ConfigError):
                found = load_profile(self.profile.name)
                if found.fingerprint.digest == self.profile.fingerprint.digest:
                    return found
        return self.profile


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile as readable JSON, all fields spelled out.

    A killed process or a power cut leaves the old file or the new one, whole; once this returns
    it is the new one.

    Raises
    ------
    ConfigError
        When it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, profile.model_dump_json(indent=2) + "\n", durable=True)
    except OSError as error:
        raise ConfigError(f"cannot write profile {path}: {error.strerror}") from None
