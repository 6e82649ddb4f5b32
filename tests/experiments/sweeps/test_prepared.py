"""Prepared sweeps: what the trials share, and which sweeps are refused before they begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.corpora import corpus
from experiments.errors import CorpusError
from experiments.evaluation.stage_cache import StageCache
from experiments.sweeps.prepared import prepare
from tests.experiments import small
from tests.experiments.sweeps import noise


def test_trials_share_the_music_the_split_and_a_cache_that_keeps_queries(
    workbench: Path, tmp_path: Path
) -> None:
    spec, cache = small.spec(), StageCache(tmp_path)
    found = prepare(spec, cache=cache)
    source = corpus(small.CORPUS)
    assert found.spec is spec
    assert found.context.corpus.checksum == source.checksum
    assert found.context.parts == spec.plan.split(source)
    assert found.context.cache is cache
    assert found.context.keeps_queries


def test_clips_longer_than_the_music_are_refused(workbench: Path) -> None:
    with pytest.raises(CorpusError, match="shorter clips"):
        prepare(small.spec(clip_lengths_s=[300]))


def test_a_sweep_in_which_one_group_has_a_single_work_is_refused_with_its_size(
    workbench: Path,
) -> None:
    with pytest.raises(CorpusError, match=r"which takes 12 works in all, and .* has 1: take a"):
        prepare(small.spec(left_out_share=0.25))


def test_degradations_draw_from_the_sources_that_the_spec_names(
    workbench: Path, tmp_path: Path
) -> None:
    hum = {"name": "hum", "chain": [{"kind": "recording", "snr_db": -12}]}
    source = noise.folder_of(tmp_path / "noise", 0)
    found = prepare(small.spec(degradations=["clean", hum], sources={"noise": source}))
    assert found.context.sources == {"noise": (tmp_path / "noise" / "noise.wav",)}
    assert prepare(small.spec()).context.sources == {}
