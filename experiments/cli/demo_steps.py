"""The end of the demonstration: learn real music, ask about noisy clips, show what came out.

Before it stand a sweep, its report and a promotion (`experiments.cli.demo`). The index holds
the same tracks as the sweep's; the clips are of the test half of the corpus, which the sweep
never heard, and a part of them is of tracks that are not in the index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import soundfile

from experiments.evaluation import ask as evaluation
from experiments.evaluation import context
from experiments.protocol import queries
from experiments.sweeps.prepared import Setting
from fpcore import Library
from fpcore.config import Profile
from fpcore.store import Added

CLIPS_PER_TRACK = 3


@dataclass(frozen=True)
class Demo:
    """What is learned and asked (`setting`), under which profile, and where it is put."""

    setting: Setting
    profile: Profile
    folder: Path

    @property
    def database(self) -> Path:
        """The index, one for each configuration; it stays, to be played with."""
        return self.folder / f"{self.profile.fingerprint.digest[:8]}.db"

    @property
    def bench(self) -> context.Bench:
        """The index as evaluation asks it."""
        return self.setting.bench(self.profile, self.database)


def learn(demo: Demo) -> Iterator[Added]:
    """Learn the indexed tracks, each under its id, and yield what became of each."""
    demo.folder.mkdir(parents=True, exist_ok=True)
    corpus = demo.setting.corpus
    with Library.open(demo.database, demo.profile, create=True) as library:
        for track in demo.setting.parts.indexed:
            yield library.learn(corpus.path_of(track), name=track.id)


def questions(demo: Demo) -> list[queries.Query]:
    """Return the clips: some of each test track, indexed or not, under every condition."""
    parts = demo.setting.parts
    indexed, left_out = parts.half("test")
    more = replace(
        demo.setting.plan(),
        n_indexed=CLIPS_PER_TRACK * len(indexed),
        n_left_out=CLIPS_PER_TRACK * len(left_out),
    )
    return more.queries(parts, "test")


def ask(demo: Demo, clips: Sequence[queries.Query]) -> pd.DataFrame:
    """Return the outcome of every clip; see `experiments.evaluation.rows`."""
    return evaluation.ask(demo.bench, clips, roles=demo.setting.parts.roles("test")).outcomes


def table(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return per condition how many clips were named rightly, wrongly or not at all.

    Columns: condition, clips, right, wrong, rejected (of indexed tracks), unknown_clips and
    unknown_named (of tracks that were left out), median_ms (from samples to answer).
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
    return pd.DataFrame(rows)


def write_clip(demo: Demo, clip: queries.Query) -> Path:
    """Write what a query sounds like as a WAV file, to be listened to and recognised."""
    setting = demo.setting
    [(_, _, clean)] = context.cuts(demo.bench, [clip])
    noisy = queries.degraded(clean, clip, sources=setting.sources, seed=setting.spec.seed)
    path = demo.folder / "noisy-clip.wav"
    peak = max(1.0, float(abs(noisy.samples).max()))
    soundfile.write(path, noisy.samples / peak, noisy.sample_rate_hz)
    return path
