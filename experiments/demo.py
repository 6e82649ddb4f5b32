"""The first ten minutes: learn real music, ask about noisy clips of it, show what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import soundfile

from experiments import evaluation, queries
from experiments.corpora import Corpus, Track
from experiments.corpora.cache import cache_folder
from experiments.degradations import conditions
from experiments.splits import split
from experiments.stages import StageCache
from fpcore import Library
from fpcore.config import Profile
from fpcore.store import Added

CONDITIONS = (
    "clean",
    "telephone",
    "white-0db",
    "babble-0db-synthetic",
    "phone-in-a-bar-synthetic",
)
"""Named conditions that need no recordings from elsewhere."""

CLIP_S = 5.0
CLIPS_PER_TRACK = 2
LEFT_OUT_SHARE = 0.25
SEED = 0


@dataclass(frozen=True)
class Demo:
    """The parts of one demonstration: the corpus, what is learned of it, and where."""

    source: Corpus
    profile: Profile
    folder: Path

    @property
    def database(self) -> Path:
        """The index; it stays, to be played with."""
        return self.folder / "music_recognition.db"

    @property
    def learned(self) -> tuple[Track, ...]:
        """The tracks in the index."""
        return split(
            self.source, seed=SEED, calibration_share=0, left_out_share=LEFT_OUT_SHARE
        ).indexed

    @property
    def unknown(self) -> tuple[Track, ...]:
        """The tracks left out of it, whose clips must not be given a name."""
        return split(
            self.source, seed=SEED, calibration_share=0, left_out_share=LEFT_OUT_SHARE
        ).left_out


def learn(demo: Demo) -> Iterator[Added]:
    """Learn the tracks, each under its id, and yield what became of each."""
    demo.folder.mkdir(parents=True, exist_ok=True)
    with Library.open(demo.database, demo.profile, create=True) as library:
        for track in demo.learned:
            yield library.learn(demo.source.path_of(track), name=track.id)


def bench(demo: Demo) -> evaluation.Bench:
    """Return the demo's index as evaluation asks it."""
    cache = StageCache(cache_folder() / "stages")
    return evaluation.Bench(
        demo.source, demo.profile, demo.database, cache, {}, seed=SEED, longest_s=CLIP_S
    )


def questions(demo: Demo) -> list[queries.Query]:
    """Return the clips: two of each track, learned or not, under every condition."""
    return queries.plan(
        demo.learned,
        demo.unknown,
        conditions=conditions(CONDITIONS),
        clip_lengths_s=[CLIP_S],
        n_indexed=CLIPS_PER_TRACK * len(demo.learned),
        n_left_out=CLIPS_PER_TRACK * len(demo.unknown),
        seed=SEED,
    )


def ask(demo: Demo, clips: Sequence[queries.Query]) -> pd.DataFrame:
    """Return the outcome of every clip; see `experiments.evaluation`."""
    every = (*demo.learned, *demo.unknown)
    return evaluation.ask(bench(demo), clips, roles={track.id: "test" for track in every}).outcomes


def table(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return per condition how many clips were named rightly, wrongly or not at all.

    Columns: condition, clips, right, wrong, rejected (of learned tracks), unknown_clips and
    unknown_named (of tracks that were left out), median_ms (fingerprint to answer).
    """
    named = outcomes["probability"] >= threshold
    rows = []
    for condition in dict.fromkeys(outcomes["condition"]):
        mine = outcomes["condition"] == condition
        known, unknown = mine & outcomes["indexed"], mine & ~outcomes["indexed"]
        seconds = outcomes.loc[mine, ["fingerprint_s", "lookup_s", "align_s"]].sum(axis=1)
        rows.append(
            {
                "condition": condition,
                "clips": int(known.sum()),
                "right": int((known & named & outcomes["right"]).sum()),
                "wrong": int((known & named & ~outcomes["right"]).sum()),
                "rejected": int((known & ~named).sum()),
                "unknown_clips": int(unknown.sum()),
                "unknown_named": int((unknown & named).sum()),
                "median_ms": float(1e3 * seconds.median()),
            }
        )
    order = {name: place for place, name in enumerate(CONDITIONS)}
    return pd.DataFrame(rows).sort_values("condition", key=lambda names: names.map(order))


def write_clip(demo: Demo, clip: queries.Query) -> Path:
    """Write what a query sounds like as a WAV file, to be listened to and recognised."""
    whole = bench(demo).cache.signal(demo.source, clip.track, demo.profile.fingerprint)
    excerpts = queries.excerpts_of(
        demo.source, clip.track, whole, n=clip.number + 1, longest_s=CLIP_S, seed=SEED
    )
    clean = queries.clip(whole, excerpts[clip.number], clip.clip_s)
    noisy = queries.degraded(clean, clip, sources={}, seed=SEED)
    path = demo.folder / "noisy-clip.wav"
    peak = max(1.0, float(abs(noisy.samples).max()))
    soundfile.write(path, noisy.samples / peak, noisy.sample_rate_hz)
    return path
