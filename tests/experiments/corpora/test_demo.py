"""The demo's recordings, from the installed package."""

from __future__ import annotations

import sys

import pytest

from experiments.corpora import demo
from experiments.errors import CorpusError
from tests.experiments.corpora.material import OpenCorpus


class TestDemo:
    def test_it_has_the_28_recordings_by_mood(self, open_corpus: OpenCorpus) -> None:
        pytest.importorskip("immich_memories_music")
        found = open_corpus("demo")
        assert len(found.tracks) == 28
        assert all(t.path.endswith(".opus") and t.id.startswith(t.group) for t in found.tracks)
        assert all(29 < t.duration_s < 36 for t in found.tracks)
        assert len({t.work for t in found.tracks}) == 28
        assert found.skipped == ()
        assert [source.name for source in found.sources] == ["immich-memories-music"]

    def test_a_missing_package_is_named_with_the_remedy(
        self, open_corpus: OpenCorpus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # None in sys.modules makes Python's own import fail as for a missing package.
        monkeypatch.setitem(sys.modules, "immich_memories_music", None)
        with pytest.raises(CorpusError, match=f"run `pip install {demo.DISTRIBUTION}`"):
            open_corpus("demo")
