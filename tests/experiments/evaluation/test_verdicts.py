"""Verdicts on answers: the right work, and the place or an exact repeat of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.corpora import Corpus
from experiments.evaluation.verdicts import is_right, sounds_the_same, verdict_on_recording
from experiments.protocol.recordings import KnownSong, RecordedQuery
from fpcore.records import Signal


def test_no_answer_is_never_right_and_a_variant_of_the_work_is(source: Corpus) -> None:
    first, second = source.tracks[:2]
    variant = replace(source, tracks=(first, second.model_copy(update={"work": first.work})))
    assert is_right(variant, first.id, first)
    assert is_right(variant, second.id, first)
    assert not is_right(source, second.id, first)
    assert not is_right(source, "", first)


def test_a_passage_is_the_same_where_its_samples_come_again_within_50_ms() -> None:
    rate_hz = 8000
    rng = np.random.default_rng(5)
    bar, other = rng.standard_normal((2, rate_hz)).astype(np.float32)
    song = Signal(np.concatenate([bar, other, 0.5 * bar, np.zeros(rate_hz, np.float32)]), rate_hz)

    def same(offset_s: float) -> bool:
        return sounds_the_same(bar, song, offset_s)

    assert same(0.0)
    assert same(-0.04)
    assert same(2.0)  # repeated at half the level
    assert same(2.049)
    assert not same(2.06)
    assert not same(1.0)
    assert not same(3.0)  # silence
    assert not same(60.0)  # past the end
    assert not same(-60.0)


@pytest.mark.parametrize("level", [1.0, 1e-4])
def test_a_passage_is_sought_to_the_sample_at_any_level(level: float) -> None:
    """Its first and its last place within 50 ms, at the song's beginning and at its end."""
    rate_hz = 8000
    reach, sample = 0.05, 1 / rate_hz
    bar, *others = (np.random.default_rng(7).standard_normal((5, rate_hz)) * level).astype(
        np.float32
    )
    song = Signal(np.concatenate([bar, *others[:2], bar]), rate_hz)
    for place_s in (0.0, 3.0):
        for way in (-1, 1):
            assert sounds_the_same(bar, song, place_s + way * reach)
            assert not sounds_the_same(bar, song, place_s + way * (reach + sample))
    assert not sounds_the_same(others[3], song, 1.5)


@pytest.mark.parametrize(("correlation", "same"), [(0.85, False), (0.95, True)])
def test_a_passage_with_something_else_over_it_is_not_the_same(
    correlation: float, same: bool
) -> None:
    """A refrain with another voice over it correlates, but is not what was asked."""
    rate_hz = 8000
    rng = np.random.default_rng(6)
    clip, other = rng.standard_normal((2, 4 * rate_hz))
    mixed = correlation * clip + np.sqrt(1 - correlation**2) * other
    song = Signal(mixed.astype(np.float32), rate_hz)
    # Of 32,000 samples of noise the correlation is known to about 0.005.
    assert sounds_the_same(clip.astype(np.float32), song, 0.0) is same


LOOP, LIVE, OTHER = (
    KnownSong(name, work, 9.0)
    for name, work in (("loop", "loop"), ("loop, live", "loop"), ("other", "other"))
)
NOISE = np.random.default_rng(5).standard_normal(3 * 4000).astype(np.float32)
TWICE = np.concatenate([NOISE, 0 * NOISE, NOISE])  # at 0 and at 6 s, of 9 s
AUDIO = {LOOP: Signal(TWICE, 4000), LIVE: Signal(np.concatenate([NOISE[:4000], TWICE]), 4000)}


def _verdict(
    answer: KnownSong | None,
    *,
    offset_s: float = 0.0,
    start_s: float = 0.0,
    song: KnownSong | None = LOOP,
    knows_audio: bool = False,
) -> dict[str, Any]:
    """Return the verdict on a recording of 2.6 s that is answered so."""
    query = RecordedQuery("r.csv line 2", "a.wav", Path("a.wav"), "0" * 12, song, "w", start_s)
    return verdict_on_recording(
        query,
        answer,
        offset_s=offset_s,
        duration_s=2.6,
        audio_of=AUDIO.__getitem__ if knows_audio else None,
    )


def test_a_variant_is_right_and_has_no_place_but_where_it_sounds_the_same() -> None:
    unheard, heard = (_verdict(LIVE, offset_s=1.01, knows_audio=knows) for knows in (False, True))
    for verdict in (unheard, heard):
        assert verdict["right"]
        assert math.isnan(verdict["offset_error_s"])
    assert (unheard["same_passage"], heard["same_passage"]) == (False, True)


@pytest.mark.parametrize(("answer", "song"), [(OTHER, LOOP), (OTHER, None), (None, LOOP)])
def test_no_other_song_and_no_answer_is_right_wherever_it_sounds_the_same(
    answer: KnownSong | None, song: KnownSong | None
) -> None:
    verdict = _verdict(answer, song=song, knows_audio=True)
    assert list(verdict) == ["right", "offset_error_s", "same_passage"]
    assert not verdict["right"]
    assert math.isnan(verdict["offset_error_s"])
    assert not verdict["same_passage"]


@pytest.mark.parametrize(
    ("start_s", "offset_s", "is_same"),
    [
        (0.0, 0.05, True),
        (0.0, -0.06, False),  # there is silence before it
        (0.2, 6.2, True),  # repeated exactly
        (0.2, 6.6, False),
        (3.2, 3.2, True),  # silence, which sounds like nothing
        (7.0, 1.0, True),  # only the end of the recording goes beyond the song's
        (9.0, 3.0, False),  # nothing of it is in the song
        (math.nan, 0.0, False),
    ],
)
def test_a_place_is_right_within_50_ms_or_where_it_sounds_the_same(
    start_s: float, offset_s: float, is_same: bool
) -> None:
    verdict = _verdict(LOOP, start_s=start_s, offset_s=offset_s, knows_audio=True)
    assert verdict["right"]
    assert verdict["offset_error_s"] == pytest.approx(offset_s - start_s, nan_ok=True)
    assert verdict["same_passage"] == is_same


def test_without_audio_a_place_is_right_within_50_ms_alone() -> None:
    verdicts = [_verdict(LOOP, offset_s=offset_s) for offset_s in (-0.06, -0.05, 0.05, 0.06)]
    assert [verdict["same_passage"] for verdict in verdicts] == [False, True, True, False]
