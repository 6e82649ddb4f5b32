"""Names that nobody gave, told from those that somebody did."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.store import JSON, NewSong
from fpcore.store.derived_names import (
    after_move,
    are_alike,
    derived_name,
    is_derived,
    marked_as_given,
)

SOURCE: dict[str, JSON] = {"source": "/music/A/01.mp3"}


def song(name: str, **metadata: JSON) -> NewSong:
    return NewSong(name, "sum", 1.0, metadata)


def derived(title: str | None, source: str | None = "/music/A/01.mp3") -> NewSong:
    called = derived_name(title, file="01.mp3", source=source)
    return song(called.name, source=source, **called.mark)


def test_tags_come_before_the_name_of_the_file() -> None:
    assert derived_name("Ada – Aria", file="A/01.mp3").name == "Ada – Aria"
    assert derived_name(None, file=Path("A/01.mp3")).name == "01"
    assert derived_name(None, file=None).name == "unnamed"
    assert derived_name(None, file=" .mp3").name == "unnamed"


@pytest.mark.parametrize("source", ["/music/A/01.mp3", "/kept/3f.mp3", None])
@pytest.mark.parametrize("title", ["Ada – Aria", None])
def test_a_derived_name_is_known_as_one_wherever_its_file_lies(
    title: str | None, source: str | None
) -> None:
    assert is_derived(derived(title, source))


def test_what_the_file_shows_needs_no_mark() -> None:
    assert derived_name(None, file="01.mp3", source="/music/A/01.mp3").mark == {}
    assert derived_name(None, file=None).mark == {}
    assert is_derived(song("01", **SOURCE))  # as in indexes of before


def test_a_given_name_is_one_even_if_it_is_that_of_the_file() -> None:
    assert not is_derived(song("Aria", **SOURCE))
    assert not is_derived(song("Aria"))
    for name in ("01", "Aria"):
        assert not is_derived(song(name, **marked_as_given(name, derived("x").metadata)))
    assert marked_as_given("Aria", {"year": 1, **derived("x").metadata}) == {"year": 1, **SOURCE}


def test_songs_are_alike_by_their_files_where_only_one_has_tags() -> None:
    tagged, plain = derived("Ada – Aria"), derived(None)
    assert are_alike(tagged, plain) and are_alike(plain, tagged)
    assert are_alike(tagged, derived("Ada – Aria", "/other/02.mp3"))
    assert not are_alike(tagged, derived("Ada – Waltz"))
    assert not are_alike(tagged, song("02", source="/music/02.mp3"))
    assert not are_alike(tagged, song("Aria", **SOURCE))
    assert not are_alike(derived("Ada – Aria", None), derived(None, None))


@pytest.mark.parametrize("name", ["01", "Aria", "02"])
def test_a_move_of_its_file_leaves_what_a_name_is(name: str) -> None:
    before = song(name, **SOURCE)
    moved = song(name, **{**SOURCE, **after_move(before, "/music/B/02.mp3")})
    assert moved.metadata["source"] == "/music/B/02.mp3"
    assert is_derived(moved) == is_derived(before) == (name == "01")
