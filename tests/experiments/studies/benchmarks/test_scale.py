"""The benchmark of scale, on an index of a few songs: what it measures, and what it leaves."""

from __future__ import annotations

import math
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from experiments.corpora import Corpus
from experiments.folders import cache_folder
from experiments.studies.benchmarks import scale
from experiments.studies.benchmarks.core import Figure
from experiments.studies.large_index import songs
from fpcore import Library
from fpcore.errors import FpError
from fpcore.profiles import load_profile

SIZES = (9, 12)
N_MORE = 2


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def figures(source: Corpus, told: list[str]) -> list[Figure]:
    with pytest.MonkeyPatch.context() as patch:
        for name, n in {"N_CLIPS": 3, "N_HARD_CLIPS": 1}.items():
            patch.setattr(scale, name, n)
        profile = load_profile("balanced")
        return list(scale.measure(source, profile, SIZES, n_more=N_MORE, show=told.append))


def test_times_and_memory_are_measured_at_each_size_and_right_after_more(
    figures: list[Figure],
) -> None:
    names = [figure.name for figure in figures]
    assert len(set(names)) == len(names) == 2 * 12 + 5
    asked = ["first pass of a 10 s WAV right after 2 more songs"]
    for size in SIZES:
        asked += [f"first pass of a 10 s WAV among {size} songs"]
        asked += [f"all passes of a 10 s WAV {kind} among {size} songs" for kind in scale.HARD]
    for what in asked:
        p50, p95, memory = (figure for figure in figures if figure.name.startswith(f"{what}, "))
        assert 0 < p50.value <= p95.value
        assert 30 < memory.value < 2000
    assert all(math.isfinite(figure.value) and figure.value > 0 for figure in figures)


def test_first_passes_take_neither_thorough_looks_nor_searches() -> None:
    profile = load_profile("balanced")
    asked = scale.first_pass(profile)
    assert (asked.query.thorough, asked.query.playback) == (None, None)
    assert asked.fingerprint == profile.fingerprint
    assert asked.query.n_candidates == profile.query.n_candidates


def test_the_targets_are_those_of_the_size(figures: list[Figure]) -> None:
    promised = [(figure.unit, figure.reach) for figure in figures if figure.reach is not None]
    each = [("ms", 500), ("MB", 2000), ("MB", 2000), ("MB", 2000)]
    assert promised == [*each, *each, ("×", 4), ("×", 0.8), ("ms", 50), ("MB", 2000)]
    assert scale.REACH_MS == {10_000: 40, 100_000: 150}


def test_the_index_grows_from_size_to_size_and_is_removed(
    figures: list[Figure], told: list[str]
) -> None:
    n_postings = [figure.value for figure in figures if figure.unit == "M"]
    assert n_postings == sorted(n_postings)
    assert (n_postings[1] - n_postings[0]) * 1e6 == pytest.approx(3 * scale.SONG_S * 50, rel=0.01)
    assert "Learning, 14 songs" in told
    assert told[-1] == "Recognising right after"
    assert not list(cache_folder().glob("bench-scale-*"))


def test_what_is_recognised_is_the_song_of_the_clip(source: Corpus, tmp_path: Path) -> None:
    profile = load_profile("balanced")
    config = profile.fingerprint
    [clip] = songs.clips(source, config.sample_rate_hz, n=1, duration_s=10.0)
    (tmp_path / "clip.wav").write_bytes(clip)
    with Library.open(tmp_path / "index.db", profile, create=True) as library:
        songs.fill(library.store, songs.real_songs(source, config), lambda n: None)
        assert library.recognize(tmp_path / "clip.wav").match is not None
    found = scale.recognise(tmp_path / "index.db", tmp_path, profile)
    assert len(found.seconds) == scale.REPEATS
    assert found.first_s > min(found.seconds)
    assert found.quantile_ms(0.0) <= found.quantile_ms(0.95) <= found.quantile_ms(1.0)
    assert found.quantile_ms(1.0) == pytest.approx(1e3 * max(found.seconds))


def test_too_little_room_is_told_before_anything_is_made(
    source: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**9))
    reason = r"index of 10,000 songs needs 3\.0 GB in .*, where 1\.0 GB are free: make room"
    with pytest.raises(FpError, match=reason):
        next(scale.measure(source, load_profile("balanced"), [9_999], n_more=1, show=print))
    assert not list(cache_folder().glob("bench-scale-*"))
