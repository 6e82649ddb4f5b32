"""Indexes that the tests of stores share: made once, and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from fpcore.errors import StoreError
from fpcore.store import SqliteStore, open_store
from tests import postgres
from tests.fpcore.store.material import (
    CONFIGS,
    ENGINES,
    N_SONGS,
    PACKED,
    Engine,
    Refusal,
    entry,
    files_in,
    new_postgres_store,
    new_store,
)


@pytest.fixture(params=list(ENGINES.values()), ids=list(ENGINES))
def engine(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Engine]:
    """Each engine in turn."""
    chosen: Engine = request.param
    if chosen is not new_postgres_store:
        yield chosen
        return
    monkeypatch.setenv("FPCORE_CACHE", str(tmp_path_factory.mktemp("cache")))
    with ExitStack() as databases:
        yield partial(chosen, databases=databases)


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The closed index of `N_SONGS` songs in each form of token: song ``seed`` has id seed + 1."""
    folder = tmp_path_factory.mktemp("indexed")
    for kind in CONFIGS:
        with new_store(folder / kind, kind) as store:
            store.add_songs(entry(seed) for seed in range(N_SONGS))
    return {kind: folder / kind for kind in CONFIGS}


@pytest.fixture(params=sorted(CONFIGS))
def store(
    request: pytest.FixtureRequest, indexed: dict[str, Path], tmp_path: Path
) -> Iterator[SqliteStore]:
    """An index of `N_SONGS` songs, in each form of token."""
    path = tmp_path / "index.db"
    shutil.copy(indexed[request.param], path)
    with open_store(path, CONFIGS[request.param]) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The closed index of one song."""
    path = tmp_path / "index.db"
    with new_store(path) as store:
        store.add_song(*entry(1))
    return path


@pytest.fixture(params=[True, False], ids=["create", "open"])
def refused_unchanged(request: pytest.FixtureRequest) -> Refusal:
    """A check that a path is refused as an index, with one sentence that names it, and unchanged.

    It is opened with and without ``create``.
    """

    def check(path: Path, reason: str) -> None:
        before = files_in(path.parent)
        with pytest.raises(StoreError, match=reason) as refusal:
            open_store(path, PACKED, create=request.param)
        assert str(path) in str(refusal.value)
        assert "\n" not in str(refusal.value)
        assert files_in(path.parent) == before

    return check


@pytest.fixture
def url() -> Iterator[str]:
    """The address of an empty database."""
    with postgres.database(postgres.shared()) as made:
        yield made
