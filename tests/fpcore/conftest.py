"""An index of songs that the tests of this package share; none of them writes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fpcore.store import Store
from tests.fpcore import indexed


@pytest.fixture(scope="session")
def six_songs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with indexed.filled(tmp_path_factory.mktemp("six songs") / "songs.db") as store:
        yield store
