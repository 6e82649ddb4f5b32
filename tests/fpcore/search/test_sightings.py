"""Songs in one window: which peaks are one, where votes are heaviest, and what a window holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore.records import Signal
from fpcore.search.sightings import (
    REFINEMENTS,
    SHORTEST_S,
    SPARSE,
    Line,
    Sighting,
    heaviest_run,
    peak_numbers,
    sightings,
)
from fpcore.store import Store
from tests.fpcore.indexed import PROFILE, RATE_HZ, UNKNOWN, part


def _seen(
    samples: np.ndarray, store: Store, window_s: float = 0.0, followed: list[Line] | None = None
) -> list[Sighting]:
    return sightings(Signal(samples, RATE_HZ), window_s, followed or [], store, PROFILE)


def test_a_window_holds_each_of_two_songs_in_a_row(six_songs: Store) -> None:
    found = _seen(np.concatenate([part(0, 3, 5), part(1, 9, 5)]), six_songs, window_s=100.0)
    first, second = sorted(found, key=lambda one: one.start_s)
    assert (first.match.song_name, second.match.song_name) == ("song 0", "song 1")
    assert (first.start_s, first.end_s) == pytest.approx((100, 105), abs=0.6)
    assert (second.start_s, second.end_s) == pytest.approx((105, 110), abs=0.6)
    assert first.line.song_at(100) == pytest.approx(3, abs=0.05)
    assert second.line.song_at(105) == pytest.approx(9, abs=0.05)


def test_a_window_of_unknown_music_holds_no_song(six_songs: Store) -> None:
    assert _seen(part(UNKNOWN, 0, 10), six_songs) == []


def test_the_line_of_a_sighting_is_the_heaviest_rival_of_its_song(six_songs: Store) -> None:
    (found,) = _seen(part(2, 4, 10), six_songs)
    of_song = [rival for rival in found.rivals if rival.line.song_id == found.line.song_id]
    assert found.line == max(of_song, key=lambda rival: rival.weight).line


def test_a_line_that_was_followed_is_among_the_rivals(six_songs: Store) -> None:
    (found,) = _seen(part(2, 4, 10), six_songs)
    followed = Line(found.line.song_id, "as it was called", -50.0, 4.0 - 50.0)
    (again,) = _seen(part(2, 4, 10), six_songs, followed=[followed])
    assert "as it was called" in {rival.line.song_name for rival in again.rivals}


def test_a_line_goes_on_at_its_tempo() -> None:
    assert Line(1, "a", 10.0, 30.0, 1.05).song_at(20.0) == pytest.approx(40.5)


def test_peaks_of_a_bin_are_one_within_a_frame() -> None:
    bins, ticks = np.array([5, 5, 5, 6]), np.array([10, 12, 15, 12], np.int32)
    numbers = peak_numbers(bins, ticks, 2)
    assert numbers[0] == numbers[1]
    assert len(set(numbers.tolist())) == 3


@pytest.mark.parametrize("ticks_per_frame", [1, 4])
def test_peaks_are_numbered_as_by_going_through_each_bin(ticks_per_frame: int) -> None:
    rng = np.random.default_rng(3)
    bins, ticks = rng.integers(5, 9, 60), rng.integers(0, 100, 60).astype(np.int32)
    found = peak_numbers(bins, ticks, ticks_per_frame)
    number, last = -1, (-1, 0)
    for row in np.lexsort((ticks, bins)).tolist():
        here = (int(bins[row]), int(ticks[row]))
        if here[0] != last[0] or here[1] - last[1] > ticks_per_frame:
            number += 1
        assert found[row] == number
        last = here


@given(st.lists(st.floats(0, 10), min_size=1, max_size=40))
def test_the_heaviest_run_begins_and_ends_with_a_vote(times: list[float]) -> None:
    times_s = np.array(times)
    start_s, end_s = heaviest_run(times_s, times_s + 0.5, np.ones(len(times)))
    assert start_s in times_s or start_s - 0.5 in times_s
    assert end_s in times_s + 0.5 or end_s in times_s
    assert start_s <= end_s


def test_the_heaviest_run_leaves_out_chance_votes_and_bridges_holes() -> None:
    song_s = np.concatenate([np.arange(3, 5, 0.05), np.arange(5.5, 7, 0.05)])
    times_s = np.append(song_s, [0.5, 9.5])
    start_s, end_s = heaviest_run(times_s, times_s + 0.1, np.ones(len(times_s)))
    assert (start_s, end_s) == pytest.approx((3, 7.05), abs=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_the_heaviest_run_is_the_best_of_all_runs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start_s = np.concatenate([rng.uniform(0, 12, 8), rng.uniform(4, 7, 20)])
    end_s = start_s + rng.uniform(0.1, 1.5, len(start_s))
    weight = rng.uniform(0.5, 2, len(start_s))
    assert heaviest_run(start_s, end_s, weight) == _best_of_all_runs(start_s, end_s, weight)


def _best_of_all_runs(
    start_s: np.ndarray, end_s: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    times_s, halves = np.concatenate([start_s, end_s]), np.concatenate([weight, weight]) / 2
    order = np.argsort(times_s)
    times_s, halves = times_s[order], halves[order]
    runs = [(i, j) for j in range(len(times_s)) for i in range(j + 1)]
    first, last = 0, len(times_s) - 1
    for _ in range(REFINEMENTS):
        length_s = max(times_s[last] - times_s[first], SHORTEST_S)
        cost = SPARSE * halves[first : last + 1].sum() / length_s
        gains = [halves[i : j + 1].sum() - cost * (times_s[j] - times_s[i]) for i, j in runs]
        first, last = runs[int(np.argmax(gains))]
    return float(times_s[first]), float(times_s[last])
