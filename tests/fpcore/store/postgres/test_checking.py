"""Damage in PostgreSQL, and where it is found."""

from __future__ import annotations

from pathlib import Path

from tests.fpcore.store.hosts import in_truth, open_on
from tests.fpcore.store.material import entry


def test_damage_in_the_truth_is_found(url: str, tmp_path: Path) -> None:
    with open_on(tmp_path, url) as store:
        store.add_songs(entry(seed) for seed in range(3))
        in_truth(url, "DELETE FROM fpcore.constellations WHERE song_id = 1")
        in_truth(
            url,
            "UPDATE fpcore.postings SET postings = (SELECT postings FROM fpcore.postings "
            "WHERE song_id = 3) WHERE song_id = 2",
        )
        assert [problem.partition(":")[0] for problem in store.check().problems] == [
            "song 1 has no row in constellations in PostgreSQL"
        ]
        assert len(store.check(full=True).problems) == 2
