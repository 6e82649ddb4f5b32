"""Own profile of an index: the one that it was made with, under which it is asked."""

from __future__ import annotations

from contextlib import suppress

from fpcore.config import Profile
from fpcore.errors import ConfigError, ConfigMismatchError
from fpcore.profiles import DEFAULT_PROFILE, load_profile, profile_names
from fpcore.store.base import Store


def profile_of(store: Store) -> Profile:
    """Return the profile that an index was made with.

    That is the one that it keeps (see `fpcore.profiles.MadeWith`). Of an index that keeps none, for
    it was made before there was that, it is the profile at hand with its configuration, the default
    one first. One at hand that cannot be read is passed over: it must not lock such indexes.

    Raises
    ------
    ConfigMismatchError
        When the index keeps none, and none of the profiles at hand has its configuration.
    """
    made_with = store.made_with()
    if made_with is not None:
        return made_with.today()
    names = profile_names()
    for name in sorted(names, key=lambda name: name != DEFAULT_PROFILE):
        with suppress(ConfigError):
            profile = load_profile(name)
            if profile.fingerprint.digest == store.config.digest:
                return profile
    raise ConfigMismatchError(
        f"{store.path}: was made with a configuration that none of the profiles at hand has "
        f"({', '.join(names)}): pass the profile that it was made with, "
        "or index its songs again under one of these: `fpcore reindex --profile NAME`"
    )
