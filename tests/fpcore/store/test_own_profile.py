"""Own profile of an index: the one kept in it, today's of its name, or one at hand."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from fpcore.config import Profile
from fpcore.errors import ConfigMismatchError
from fpcore.profiles import MadeWith, load_profile
from fpcore.store import open_store
from fpcore.store.own_profile import profile_of
from tests.fpcore.indexed import PROFILE
from tests.fpcore.store.material import in_sql


def _made(path: Path, profile: Profile) -> Path:
    made_with = MadeWith.of(profile)
    open_store(path, profile.fingerprint, create=True, made_with=made_with).close()
    return path


def test_a_preset_is_known_by_its_name_and_others_as_they_are(tmp_path: Path) -> None:
    for profile, by_name in ((load_profile("tiny"), True), (PROFILE, False)):
        with open_store(_made(tmp_path / f"{profile.name}.db", profile), None) as store:
            assert store.made_with() == MadeWith(profile, by_name)
            assert profile_of(store) == profile


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"name": "of a later version", "new": 1}'])
def test_a_profile_that_cannot_be_read_counts_as_none(tmp_path: Path, content: str) -> None:
    path = _made(tmp_path / "songs.db", load_profile())
    in_sql(path, f"UPDATE meta SET value = '{content}' WHERE key = 'profile'")
    with open_store(path, None) as store:
        assert store.made_with() is None
        assert profile_of(store) == load_profile()


def test_without_any_the_profiles_at_hand_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_PROFILES", str(tmp_path))
    with (
        closing(open_store(tmp_path / "songs.db", PROFILE.fingerprint, create=True)) as store,
        pytest.raises(ConfigMismatchError, match=r"\(balanced, robust, seed, tiny\)"),
    ):
        profile_of(store)
