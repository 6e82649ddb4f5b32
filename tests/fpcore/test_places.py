"""Places: what is an address, and that it is shown without its password."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from fpcore.places import Address, place_of

SECRET = "postgresql://me:pa%24%24@db.example:5433/music?sslmode=require"


def test_what_begins_like_an_address_is_one_and_all_else_a_file() -> None:
    assert place_of("music.db") == place_of(Path("music.db")) == Path("music.db")
    assert place_of("postgresql:/x") == Path("postgresql:/x")
    for text in (SECRET, "postgres://h/d", "postgresql:///d", "postgresql://"):
        assert place_of(text) == Address(text)
    assert place_of(Address(SECRET)) == Address(SECRET)


@pytest.mark.parametrize("text", ["postgresql://a:b@c@h/d", "postgresql://h/d/e", "postgres://a#b"])
def test_what_only_begins_like_one_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="not the address") as refusal:
        place_of(text)
    assert text not in str(refusal.value)


def test_no_password_is_shown() -> None:
    address = Address(SECRET)
    assert str(address) == "postgresql://me@db.example:5433/music"
    assert "pa" not in repr(address)
    assert address.without_secrets("failed for pa$$ and pa%24%24") == "failed for *** and ***"
    assert Address("postgresql://h/d?password=xyz").without_secrets("xyz") == "***"
    assert pickle.loads(pickle.dumps(address)) == address


def test_folders_are_told_apart_by_server_database_and_options_not_by_user() -> None:
    folder = Address(SECRET).folder_name
    assert folder == Address(SECRET.replace("me:pa%24%24", "you")).folder_name
    others = {
        SECRET.replace(*change) for change in (("5433", "5434"), ("music", "m"), ("?", "?a=1&"))
    }
    assert len({folder, *(Address(other).folder_name for other in others)}) == 4
    assert folder.startswith("db.example-5433-music-")
    assert Address("postgresql://h/na%20me").database == "na me"
