"""What queries are asked on: clips of the same music are the same wherever it lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console

from experiments.corpora import Corpus, corpus
from experiments.degradations import conditions
from experiments.evaluation.context import Context
from experiments.evaluation.stage_cache import StageCache
from experiments.protocol.plan import Plan
from experiments.protocol.queries import Query
from experiments.protocol.splits import Split
from fpcore.profiles import load_profile

PROFILE = load_profile("balanced")
RATE_HZ = PROFILE.fingerprint.sample_rate_hz
CLEAN = conditions(["clean"])


def _opened(folder: Path, state: Path) -> Corpus:
    return corpus(f"folder:{folder}", cache_dir=state, console=Console(quiet=True))


def _kept(cache: StageCache, stage: str) -> list[str]:
    return sorted(path.name for path in (cache.folder / stage).rglob("*") if path.is_file())


def _cut(context: Context) -> list[tuple[float, int]]:
    """Return where two clips of the track start, and how many peaks are heard in each."""
    [track] = context.corpus.tracks
    asked = [Query(track, True, number, 2.0, CLEAN[0]) for number in range(2)]
    return [
        (clip.start_s, len(context.heard(clip, PROFILE)[0].maxima[0]))
        for clip in context.clips(asked, PROFILE.fingerprint)
    ]


def test_a_folder_that_was_moved_is_asked_the_same_from_the_cache(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    noise = np.random.default_rng(1).standard_normal(20 * RATE_HZ).astype(np.float32)
    soundfile.write(music / "a.wav", noise / 8, RATE_HZ)
    cache = StageCache(tmp_path / "stages")
    plan = Plan(CLEAN, (2.0,), n_indexed=1, n_left_out=1)

    def asked_of(folder: Path) -> Context:
        found = _opened(folder, tmp_path / "state")
        return Context(found, plan, Split(found.tracks, (), (), ()), {}, cache)

    first = _cut(asked_of(music))
    kept = _kept(cache, "excerpts"), _kept(cache, "queries")
    assert _cut(asked_of(music.rename(tmp_path / "elsewhere"))) == first
    assert (_kept(cache, "excerpts"), _kept(cache, "queries")) == kept
    assert [len(names) for names in kept] == [1, 2]
    assert len(set(first)) == 2
