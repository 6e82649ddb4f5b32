"""The cache of stages gives what was asked for, never what another configuration gave before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from experiments.corpora import Corpus, Track
from experiments.evaluation.stage_cache import StageCache
from fpcore import audio, pipeline
from fpcore.config import FingerprintConfig, GridNeighbourhood, NoWhitening, QueryConfig
from fpcore.pipeline import Heard
from fpcore.records import Peaks, Signal
from tests.fpcore import indexed
from tests.fpcore.indexed import PROFILE, RATE_HZ
from tests.fpcore.synthetic import LEAN

HEARD = indexed.excerpt(1, 5.0, 4.0)
THOROUGH = PROFILE.query.model_validate({**PROFILE.query.model_dump(), "thorough": {}})


@pytest.fixture
def cache(tmp_path: Path) -> StageCache:
    return StageCache(tmp_path / "stages")


def _heard(
    cache: StageCache,
    config: FingerprintConfig,
    query_config: QueryConfig,
    origin: str = "excerpt",
) -> Heard:
    [heard] = cache.heard(lambda: HEARD, {"query": origin}, config, query_config)
    return heard


def _assert_same(found: Heard, expected: Heard) -> None:
    pairs = zip(
        (*found.maxima, *found.fine_maxima), (*expected.maxima, *expected.fine_maxima), strict=True
    )
    for one, other in pairs:
        _assert_same_peaks(one, other)
    np.testing.assert_array_equal(found.ranks.rank, expected.ranks.rank)
    np.testing.assert_array_equal(found.ranks.sounding, expected.ranks.sounding)
    assert found.ranks.first_bin == expected.ranks.first_bin
    assert (found.crest_db, found.duration_s) == (expected.crest_db, expected.duration_s)
    assert found.cut_out == expected.cut_out


def _assert_same_peaks(found: Peaks, expected: Peaks) -> None:
    for name in ("frame", "bin", "level_db", "fraction"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert getattr(found, name).dtype == getattr(expected, name).dtype


def _changed(**thorough: float) -> QueryConfig:
    """Return the thorough query with another thorough pass."""
    look = THOROUGH.thorough
    assert look is not None
    return THOROUGH.model_copy(update={"thorough": look.model_copy(update=thorough)})


LARGER = LEAN.peaks.model_copy(update={"neighbourhood": GridNeighbourhood(n_frames=31, n_bins=31)})
QUIETER = LEAN.peaks.model_copy(update={"floor_db": -40.0})


@pytest.mark.parametrize(
    ("config", "query_config"),
    [
        (LEAN, PROFILE.query),
        (LEAN, _changed(width_s=0.05)),
        (LEAN, _changed(width_hz=30.0)),
        (LEAN, THOROUGH.model_copy(update={"n_shifts": 3})),
        (LEAN.model_copy(update={"peaks": LARGER}), THOROUGH),
        (LEAN.model_copy(update={"peaks": QUIETER}), THOROUGH),
        (LEAN.model_copy(update={"whitening": NoWhitening()}), THOROUGH),
    ],
    ids=[
        "no thorough pass",
        "fine width in time",
        "fine width in frequency",
        "shifts",
        "neighbourhood",
        "floor",
        "whitening",
    ],
)
def test_what_another_configuration_hears_is_not_reused(
    cache: StageCache, config: FingerprintConfig, query_config: QueryConfig
) -> None:
    before = _heard(cache, LEAN, THOROUGH)
    _assert_same(before, pipeline.hear(HEARD, LEAN, THOROUGH))
    found, expected = (
        _heard(cache, config, query_config),
        pipeline.hear(HEARD, config, query_config),
    )
    _assert_same(found, expected)
    with pytest.raises((AssertionError, ValueError)):
        _assert_same(found, before)


def test_what_stages_behind_the_maxima_do_is_heard_from_the_cache(cache: StageCache) -> None:
    first = _heard(cache, LEAN, THOROUGH)
    densities: dict[str, Any] = {"max_peaks_per_s": 5.0, "fan_out": 3, "n_candidates": 4}
    sparse = THOROUGH.model_copy(update=densities)
    pairs = LEAN.model_copy(update={"pairs": LEAN.pairs.model_copy(update={"fan_out": 9})})

    def never() -> Signal:
        raise AssertionError("it is known what is heard")

    for config, query_config in ((LEAN, sparse), (pairs, THOROUGH), (LEAN, _changed(fan_out=7))):
        [again] = cache.heard(never, {"query": "excerpt"}, config, query_config)
        _assert_same(again, first)


def test_another_query_is_heard_for_itself(cache: StageCache) -> None:
    _heard(cache, LEAN, THOROUGH)
    other = indexed.excerpt(2, 5.0, 4.0)
    [found] = cache.heard(lambda: other, {"query": "another"}, LEAN, THOROUGH)
    _assert_same(found, pipeline.hear(other, LEAN, THOROUGH))


def test_every_window_of_a_long_query_is_kept(cache: StageCache) -> None:
    samples = indexed.excerpt(2, 0.0, 14.0).samples.copy()
    samples[5 * RATE_HZ : 8 * RATE_HZ] = 0
    long = Signal(samples, RATE_HZ)
    found = [cache.heard(lambda: long, {"query": "long"}, LEAN, THOROUGH) for _ in range(2)]
    expected = pipeline.hear_windows(long, LEAN, THOROUGH)
    assert [bool(one.cut_out) for one in expected] == [False, False, True]
    for of_call in found:
        for one, other in zip(of_call, expected, strict=True):
            _assert_same(one, other)
            assert one.ranks.first_tick == other.ranks.first_tick


def test_it_is_known_beforehand_whether_a_songs_maxima_are_kept(
    cache: StageCache, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", HEARD.samples, HEARD.sample_rate_hz)
    content = audio.checksum(tmp_path / "a.wav")
    track = Track(id="a", group="", path="a.wav", checksum=content, duration_s=4.0, work="a")
    source = Corpus("one", tmp_path, (track,))
    assert not cache.has_song_maxima(track, LEAN)
    cache.song_maxima(source, track, LEAN)
    assert cache.has_song_maxima(track, LEAN)
    assert not cache.has_song_maxima(track, LEAN.model_copy(update={"peaks": LARGER}))
