"""Figures of pairs: what an anchor pairs with, what a fan-out costs, what a shift of time loses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from fpcore import pipeline
from fpcore.records import Hashes, Peaks, Signal
from fpcore.stages.landmarks import landmarks
from notebooks.lessons.pair_figures import (
    constellation,
    fan_out_figure,
    pairs_figure,
    share_found,
    shift_figure,
    specificity_figure,
    target_zone_figure,
)
from tests.notebooks.lessons.material import (
    CONFIG,
    SILENCE,
    curve,
    legend_texts,
    noisy,
    song,
    titles,
)


@pytest.fixture(scope="module")
def peaks() -> Peaks:
    return constellation(song(), CONFIG)


def test_a_constellation_is_the_one_that_the_pipeline_stores(peaks: Peaks) -> None:
    stored = pipeline.fingerprint([song().samples], CONFIG).constellation
    assert peaks.frame.tolist() == stored.frame.tolist()
    assert peaks.bin.tolist() == stored.bin.tolist()


@pytest.mark.parametrize("anchor", [0, 7])
def test_an_anchor_has_as_many_pairs_as_its_target_zone_holds_peaks_up_to_the_fan_out(
    anchor: int, peaks: Peaks
) -> None:
    later = peaks.frame - peaks.frame[anchor]
    inside = (
        (later >= CONFIG.min_delta_frames)
        & (later <= CONFIG.max_delta_frames)
        & (np.abs(peaks.bin - peaks.bin[anchor]) <= CONFIG.max_delta_bins)
    )
    expected = min(int(np.sum(inside)), CONFIG.pairs.fan_out)
    [ax] = target_zone_figure(peaks, CONFIG, anchor=anchor).axes
    assert f"its {expected} pairs" in legend_texts(ax)


def test_an_anchor_beyond_the_last_peak_is_the_last(peaks: Peaks) -> None:
    [ax] = target_zone_figure(peaks, CONFIG, anchor=10_000).axes
    star = ax.collections[-1].get_offsets()
    assert np.asarray(star)[0].tolist() == pytest.approx(
        [peaks.frame[-1] * CONFIG.hop_s, peaks.bin[-1] * CONFIG.bin_hz]
    )
    assert "its 0 pairs" in legend_texts(ax)


def test_a_wider_target_zone_and_a_larger_fan_out_make_more_pairs(peaks: Peaks) -> None:
    def n_pairs(**limits: float) -> int:
        [title] = titles(pairs_figure(peaks, CONFIG, **limits))  # type: ignore[arg-type]
        words = title.split()
        assert words[:3] == [f"{len(peaks)}", "peaks", "make"]
        return int(words[3])

    assert n_pairs() == len(landmarks(peaks, CONFIG))
    assert n_pairs(fan_out=2) < n_pairs() < n_pairs(fan_out=20)
    assert n_pairs(fan_out=20, max_delta_s=0.5) < n_pairs(fan_out=20)


def test_of_the_same_sound_all_hashes_are_found_and_of_silence_none() -> None:
    hashes = pipeline.fingerprint([song().samples], CONFIG).hashes
    assert share_found(hashes, song(), CONFIG, 1) == 1.0
    assert share_found(hashes, SILENCE, CONFIG, 1) == 0.0
    assert share_found(hashes, song(2), CONFIG, 1) < 0.05
    none = Hashes(np.empty(0, np.int64), np.empty(0, np.int32))
    assert share_found(none, song(), CONFIG, 1) == 0.0


def test_a_delay_of_half_a_hop_loses_hashes_that_a_second_shift_finds() -> None:
    [ax] = shift_figure(song(), CONFIG, n_shifts=(1, 2), n_steps=2).axes
    one, two = curve(ax, "1 shift"), curve(ax, "2 shifts")
    assert one[:, 0].tolist() == [0, 0.5, 1]
    assert one[0, 1] == two[0, 1] == 100
    assert one[1, 1] < two[1, 1]


def test_mean_lengths_of_lists_are_those_that_a_look_up_of_each_key_finds(peaks: Peaks) -> None:
    songs = [peaks, constellation(song(2), CONFIG)]
    _, mean = specificity_figure(songs, CONFIG).axes
    bars = [bar.get_height() for bar in mean.patches if isinstance(bar, Rectangle)]
    bins = np.concatenate([one.bin for one in songs]).tolist()
    naive = sum(bins.count(bin_) for bin_ in bins) / len(bins)
    assert bars[0] == pytest.approx(naive)
    assert bars[1] < bars[0]


def test_a_fan_out_finds_what_both_recordings_pair() -> None:
    heard = noisy(song(), 0.02)
    cost, gain = fan_out_figure(song(), heard, CONFIG, fan_outs=(1, 5)).axes
    stored, found = curve(cost, "stored")[:, 1], curve(cost, "found in the noisy recording")[:, 1]
    both = [set(_tuples(sound)) for sound in (song(), heard)]
    assert found[1] == pytest.approx(len(both[0] & both[1]) / song().duration_s)
    assert stored[1] == pytest.approx(len(both[0]) / song().duration_s)
    assert stored[0] < stored[1]
    np.testing.assert_allclose(curve(gain, "pairs that survive")[:, 1], 100 * found / stored)


def _tuples(sound: Signal) -> itertools.chain[tuple[int, ...]]:
    pairs = landmarks(constellation(sound, CONFIG), CONFIG, 5)
    columns = (pairs.anchor_frame, pairs.anchor_bin, pairs.target_bin, pairs.delta_frames)
    return itertools.chain(zip(*(column.tolist() for column in columns), strict=True))
