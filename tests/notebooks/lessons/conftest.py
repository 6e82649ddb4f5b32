"""Songs in an index, and what a recording of one of them and one of none are answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fpcore.config import PlaybackSearch
from fpcore.library import Library
from tests.fpcore import explained, indexed
from tests.fpcore.explained import Asked

PROFILE = indexed.PROFILE.model_copy(
    update={"query": indexed.PROFILE.query.model_copy(update={"playback": PlaybackSearch()})}
)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Three songs of 40 s, under a profile that also tries other playbacks."""
    with indexed.filled(tmp_path_factory.mktemp("lessons") / "songs.db", n_songs=3) as store:
        yield Library(store, PROFILE)


@pytest.fixture(scope="session")
def known(library: Library) -> Asked:
    """What is found for six seconds of song 1 that begin after ten."""
    part = indexed.part(1, 10.0, 6.0)
    return explained.ask(library.store, part, library.profile, with_spectrogram=True)


@pytest.fixture(scope="session")
def silent(library: Library) -> Asked:
    """What is found for silence."""
    return explained.ask(library.store, indexed.silence(3.0), library.profile)
