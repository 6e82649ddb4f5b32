"""Last steps of the demonstration: learn real music, ask about noisy clips, show what came out.

Before it stand a sweep, its report and a promotion (`experiments.cli.demo`). The index holds
the same tracks as the sweep's; the clips are of the test half of the corpus, which the sweep
never heard, and a part of them is of tracks that are not in the index.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import soundfile

from experiments.evaluation.context import Context
from experiments.protocol.queries import Query
from fpcore import Library, atomic
from fpcore.config import Profile
from fpcore.store import Added

CLIPS_PER_TRACK = 3


def database_of(profile: Profile, folder: Path) -> Path:
    """Return the file of the index, one for each configuration; it stays, to be played with."""
    return folder / f"{profile.fingerprint.digest[:8]}.db"


def learn(context: Context, profile: Profile, database: Path) -> Iterator[Added]:
    """Learn the indexed tracks, each under its id, and yield the result for each.

    Parameters
    ----------
    context : Context
        Gives the tracks.
    profile : Profile
        The configuration that learns.
    database : Path
        The index, which is made when missing.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    with Library.open(database, profile, create=True) as library:
        for track in context.parts.indexed:
            yield library.learn_one(
                context.corpus.path_of(track), name=track.id, strict=True, allow_duplicates=True
            )


def with_more_clips(context: Context) -> Context:
    """Return the context with some clips of each test track, indexed or not, which are timed."""
    indexed, left_out = context.parts.half("test")
    more = replace(
        context.plan,
        n_indexed=CLIPS_PER_TRACK * len(indexed),
        n_left_out=CLIPS_PER_TRACK * len(left_out),
    )
    return replace(context, plan=more, keeps_queries=False)


def table(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return per condition how many clips were named rightly, wrongly or not at all.

    Returns
    -------
    pandas.DataFrame
        Columns condition, clips, right, wrong, rejected (of indexed tracks), unknown_clips and
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


def write_clip(context: Context, profile: Profile, query: Query, folder: Path) -> Path:
    """Write what a query sounds like as a WAV file, to be listened to and recognised.

    Parameters
    ----------
    context : Context
        Gives the clip.
    profile : Profile
        Gives the sample rate of the file.
    query : Query
        What is written.
    folder : Path
        Where the file is put.
    """
    [clip] = context.clips([query], profile.fingerprint)
    noisy = context.recording(clip)
    path = folder / "noisy-clip.wav"
    peak = max(1.0, float(abs(noisy.samples).max()))
    with atomic.opened(path) as stream:
        soundfile.write(stream, noisy.samples / peak, noisy.sample_rate_hz, format="WAV")
    return path
