"""An index and two answers of it that the tests of figures share; none writes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fpcore.search.explain import Explanation
from fpcore.store import Store
from tests.fpcore.explained import ask, excerpt, filled_store, looped, song


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    songs = {f"song {seed}": song(seed) for seed in range(3)} | {"loop": looped()}
    with filled_store(tmp_path_factory.mktemp("display") / "index.db", songs) as filled:
        yield filled


@pytest.fixture(scope="session")
def accepted(store: Store) -> Explanation:
    explanation = ask(store, excerpt(song(2), 10.3, 6.0), with_spectrogram=True).explanation
    assert explanation.accepted
    return explanation


@pytest.fixture(scope="session")
def rejected(store: Store) -> Explanation:
    explanation = ask(store, excerpt(song(77), 10.3, 6.0)).explanation
    assert explanation.matches
    assert not explanation.accepted
    return explanation
