"""One configuration on one corpus: split, index, ask. What sweeps do many times over.

The index holds the indexed tracks of both halves of the corpus, so its size is the same
whichever half is asked about; calibration never hears a test track, nor the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from experiments import evaluation, queries
from experiments.corpora import Corpus, Track, corpus
from experiments.corpora.cache import cache_folder
from experiments.degradations import Condition, Sources
from experiments.degradations.config import Babble
from experiments.splits import Split, split
from experiments.stages import StageCache
from fpcore.config import Profile

Role = Literal["calibration", "test"]

CALIBRATION_SHARE = 0.5
LEFT_OUT_SHARE = 0.19
"""Of the tracks of debian-games, 40 stay out of the index."""


@dataclass(frozen=True)
class Plan:
    """What is asked: conditions, clip lengths, and so many excerpts of each kind for each."""

    conditions: tuple[Condition, ...]
    clip_lengths_s: tuple[float, ...]
    n_indexed: int
    n_left_out: int
    seed: int = 0
    calibration_share: float = CALIBRATION_SHARE
    left_out_share: float = LEFT_OUT_SHARE


def split_of(source: Corpus, plan: Plan) -> Split:
    """Return the split of a corpus that a plan asks for."""
    return split(
        source,
        seed=plan.seed,
        calibration_share=plan.calibration_share,
        left_out_share=plan.left_out_share,
    )


def ask_corpus(
    source: Corpus, profile: Profile, plan: Plan, *, roles: Sequence[Role], n_jobs: int = -1
) -> evaluation.Answers:
    """Return what an index of the corpus under a profile answers to the planned queries.

    The index is made in a temporary folder and removed again. ``roles`` says which halves of
    the corpus are asked about.
    """
    parts = split_of(source, plan)
    with TemporaryDirectory(prefix="fpbench-") as folder:
        bench = evaluation.Bench(
            corpus=source,
            profile=profile,
            database=Path(folder) / "index.db",
            cache=StageCache(cache_folder() / "stages"),
            sources=sources_for(plan.conditions),
            seed=plan.seed,
            longest_s=max(plan.clip_lengths_s),
        )
        evaluation.build_index(bench, parts.indexed, n_jobs=n_jobs)
        asked: list[queries.Query] = []
        role_of: dict[str, str] = {}
        for role in roles:
            indexed, left_out = _half(parts, role)
            role_of |= {track.id: role for track in (*indexed, *left_out)}
            asked += queries.plan(
                indexed,
                left_out,
                conditions=plan.conditions,
                clip_lengths_s=plan.clip_lengths_s,
                n_indexed=plan.n_indexed,
                n_left_out=plan.n_left_out,
                seed=plan.seed,
            )
        return evaluation.ask(bench, asked, roles=role_of, n_jobs=n_jobs)


def _half(parts: Split, role: Role) -> tuple[tuple[Track, ...], tuple[Track, ...]]:
    if role == "calibration":
        return parts.calibration_indexed, parts.calibration_left_out
    return parts.test_indexed, parts.test_left_out


def sources_for(conditions: Sequence[Condition]) -> Sources:
    """Return the audio files that conditions draw from, preparing a corpus where one is needed."""
    recorded = any(
        isinstance(step, Babble) and step.talkers == "recorded"
        for condition in conditions
        for step in condition.chain
    )
    if not recorded:
        return {}
    speech = corpus("debian-speech")
    return {"speech": tuple(speech.path_of(track) for track in speech.tracks)}
