"""Figures of noise, accuracy and thresholds: shares counted by hand, and where hashes are left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fpcore.errors import ConfigError
from notebooks.lessons.limit_figures import (
    accuracy_figure,
    evidence_figure,
    groups,
    heard,
    heard_figure,
    scores_figure,
    speed_figure,
    threshold_figure,
)
from tests.notebooks.lessons.material import CONFIG, curve, outcomes, song, titles

ROWS = outcomes(
    [
        ("clean", True, True, 0.9),
        ("clean", True, True, 0.8),
        ("clean", True, True, 0.3),
        ("clean", False, False, 0.1),
        ("noise", True, True, 0.7),
        ("noise", True, False, 0.2),
        ("noise", True, False, 0.1),
        ("noise", False, False, 0.6),
    ]
)


def test_a_condition_is_heard_the_same_for_the_same_seed() -> None:
    first = heard(song(), "white-0db", seed=1).samples
    np.testing.assert_array_equal(first, heard(song(), "white-0db", seed=1).samples)
    assert not np.array_equal(first, heard(song(), "white-0db", seed=2).samples)
    np.testing.assert_array_equal(heard(song(), "clean").samples, song().samples)
    with pytest.raises(ConfigError, match="no condition 'whit-0db'"):
        heard(song(), "whit-0db")


def test_of_a_clean_recording_every_peak_is_found_again_and_of_a_noisy_one_some() -> None:
    told = [titles(heard_figure(song(), CONFIG, condition=name)) for name in ("clean", "white-0db")]
    n_peaks = int(told[0][0].removeprefix("The song: ").removesuffix(" peaks"))
    assert told[0][1] == f"clean: {n_peaks} found again (filled), 100%"
    n_left = int(told[1][1].removeprefix("white-0db: ").split()[0])
    assert 0 < n_left < n_peaks


def test_accuracies_are_those_counted_by_hand_the_best_condition_first() -> None:
    figure = accuracy_figure(ROWS, threshold=0.5)
    [ax] = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["clean", "noise"]
    first, accepted = (np.asarray(bar.lines[0].get_xdata()) for bar in ax.containers)  # type: ignore[attr-defined]
    assert first.tolist() == pytest.approx([100, 100 / 3])
    assert accepted.tolist() == pytest.approx([200 / 3, 100 / 3])
    assert titles(figure) == ["Accuracy, 3 queries a condition"]


def test_every_query_is_of_one_kind_and_kinds_without_queries_are_left_out() -> None:
    found = groups(ROWS.assign(right=[*ROWS["right"][:-1], True]))  # a name for an unknown song
    assert [label for label, _, _ in found] == [
        "right song, 5 s",
        "wrong song, 5 s",
        "not in index, 5 s",
    ]
    assert [int(mine.sum()) for _, _, mine in found] == [4, 2, 2]
    assert np.sum([mine for _, _, mine in found], axis=0).tolist() == [1] * len(ROWS)
    assert [label for label, _, _ in groups(ROWS[:3])] == ["right song, 5 s"]


def test_the_evidence_of_the_likeliest_candidate_is_a_dot() -> None:
    candidates = ROWS.assign(rank=0, votes=10, log_idf=np.log1p(6.0), log_chance=np.log(2.0))
    candidates = candidates.assign(found=np.arange(8.0))
    worse = candidates.assign(rank=1, votes=1)
    figure = evidence_figure(pd.concat([candidates, worse]))
    votes, contrast, _ = (
        np.concatenate([np.asarray(dots.get_offsets())[:, 0] for dots in ax.collections])
        for ax in figure.axes
    )
    assert votes.tolist() == [10] * 8
    assert contrast.tolist() == pytest.approx([3.0] * 8)


def test_misses_rise_and_false_alarms_fall_with_the_threshold() -> None:
    [ax] = threshold_figure(ROWS, 0.5).axes
    misses = curve(ax, "misses (known songs)")
    alarms = curve(ax, "false alarms (unknown songs)")
    # Of six known songs four are named rightly, three of them at 0.5; of two unknown one.
    for at, n_missed, n_alarms in ((0.7, 3, 0), (0.6, 3, 1), (0.1, 2, 2), (1.0, 6, 0)):
        assert misses[misses[:, 0] == at, 1] == pytest.approx(100 * n_missed / 6)
        assert alarms[alarms[:, 0] == at, 1] == pytest.approx(100 * n_alarms / 2)


def test_each_score_has_a_curve_from_no_alarm_to_all() -> None:
    perfect = ROWS.assign(probability=ROWS["indexed"].astype(float), right=ROWS["indexed"])
    [ax] = scores_figure({"votes": ROWS, "perfect": perfect}).axes
    assert curve(ax, "votes")[[0, -1], 0].tolist() == [0, 100]
    assert [0, 0] in curve(ax, "perfect").tolist()


def test_all_hashes_are_left_at_the_speed_that_was_learned_and_few_at_another() -> None:
    [ax] = speed_figure(song(), CONFIG, percents=(0, 4)).axes
    for label in ("speed: pitch and tempo", "tempo alone"):
        share = curve(ax, label)[:, 1]
        assert share[0] == pytest.approx(100)
        assert share[1] < 60
