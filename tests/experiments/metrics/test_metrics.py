"""Metrics: known values, definitions written out as loops, empty and perfect cases."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import metrics

# R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
# Medicine 17, 1998, table I, method 3: 95%, to four decimals.
PUBLISHED = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


def outcomes(rows):
    """Return outcome rows from (indexed, right, probability, offset error, same passage)."""
    frame = pd.DataFrame(
        rows, columns=["indexed", "right", "probability", "offset_error_s", "same_passage"]
    )
    frame["query"] = [f"q{i}" for i in range(len(frame))]
    frame["work"] = [f"w{i}" for i in range(len(frame))]
    return frame.assign(condition="clean", clip_s=5.0).astype(
        {"indexed": bool, "right": bool, "same_passage": bool, "offset_error_s": float}
    )


SIX = outcomes(
    [
        (True, True, 0.9, 0.01, True),
        (True, True, 0.8, -0.05, True),
        (True, True, 0.2, 12.0, True),
        (True, False, 0.7, math.nan, False),
        (False, False, 0.75, math.nan, False),
        (False, False, 0.1, math.nan, False),
    ]
)

random_rows = st.lists(
    st.tuples(
        st.booleans(),
        st.booleans(),
        st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]),
        st.sampled_from([0.0, 0.04, -0.3, 2.0, math.nan]),
        st.booleans(),
    ),
    max_size=40,
)


@pytest.mark.parametrize(("n_right", "n", "low", "high"), PUBLISHED)
def test_wilson_gives_the_published_intervals(n_right, n, low, high):
    assert metrics.wilson(n_right, n) == pytest.approx((low, high), abs=5.1e-5)


@settings(deadline=None)
@given(st.integers(1, 500), st.data())
def test_wilson_bounds_are_where_the_score_test_just_does_not_refuse(n, data):
    n_right = data.draw(st.integers(1, n - 1)) if n > 1 else 0
    for bound in metrics.wilson(n_right, n):
        if 0 < bound < 1:
            score = (n_right / n - bound) / math.sqrt(bound * (1 - bound) / n)
            assert abs(score) == pytest.approx(1.959963984540054, rel=1e-6)


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_holds_the_share_mirrors_and_stays_in_range(n_right, n_wrong):
    n = n_right + n_wrong
    low, high = metrics.wilson(n_right, n)
    assert 0 <= low <= (n_right / n if n else 0.5) <= high <= 1
    assert metrics.wilson(n_wrong, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(("n_right", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_wilson_refuses_impossible_counts(n_right, n):
    with pytest.raises(ValueError, match="n_right must be from 0 to n"):
        metrics.wilson(n_right, n)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95])
def test_wilson_refuses_impossible_confidence(confidence):
    with pytest.raises(ValueError, match="confidence must be between 0 and 1"):
        metrics.wilson(1, 2, confidence)


def test_wilson_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = []
    for truth in (0.1, 0.5, 0.93):
        for n_right in rng.binomial(60, truth, size=2000):
            low, high = metrics.wilson(int(n_right), 60)
            covered.append(low <= truth <= high)
    assert 0.93 <= np.mean(covered) <= 0.97  # nominal 0.95; 6000 draws scatter by 0.003


def test_copies_of_rows_add_little_certainty():
    right = np.arange(40) % 4 > 0
    works = np.arange(40)
    once = metrics.share_of(right)
    found = metrics.clustered(np.repeat(right, 25), np.repeat(works, 25))
    assert (found.n_right, found.n, found.share) == (750, 1000, 0.75)
    # Ten rare rows became 250, which outweigh the assumed likeness; what is left of it shows.
    assert found.low == pytest.approx(once.low, abs=0.005)
    assert found.high == pytest.approx(once.high, abs=0.005)


def test_clusters_of_one_row_each_are_independent_rows():
    right = np.arange(50) % 3 == 0
    assert metrics.clustered(right, np.arange(50)) == metrics.share_of(right)


def test_one_cluster_counts_as_one_row():
    found = metrics.clustered(np.ones(100, bool), np.zeros(100))
    assert (found.low, found.high) == metrics.wilson(1, 1)


def test_none_right_is_no_surer_than_one_right():
    works = np.repeat(np.arange(30), 16)
    none, one = np.zeros(480, bool), np.arange(480) == 7
    bounds = [metrics.clustered(right, works).high for right in (none, one)]
    assert metrics.wilson(0, 480)[1] < bounds[0] < bounds[1] < 2 * bounds[0]


def test_clustered_interval_covers_the_truth_where_the_plain_one_does_not():
    rng = np.random.default_rng(2)
    plain, widened = [], []
    works = np.repeat(np.arange(40), 12)
    for _ in range(400):
        ease = rng.beta(2, 2, size=40)  # works differ in how easy they are; mean 0.5
        right = rng.random(480) < np.repeat(ease, 12)
        independent, found = metrics.share_of(right), metrics.clustered(right, works)
        plain.append(independent.low <= 0.5 <= independent.high)
        widened.append(found.low <= 0.5 <= found.high)
    assert np.mean(plain) < 0.85
    assert 0.92 <= np.mean(widened) <= 0.98  # 400 draws scatter by 0.011


def test_summary_counts_as_defined():
    found = metrics.summary(SIX, threshold=0.75).set_index("metric")
    counts = dict(zip(found.index, zip(found["n_right"], found["n"], strict=True), strict=True))
    assert counts == {
        "top1": (3, 4),
        "accepted_right": (2, 4),
        "within_50ms": (2, 4),  # 50 ms itself is within
        "same_passage": (3, 4),
        "within_500ms": (2, 4),
        "wrong_name": (0, 4),
        "false_accept": (1, 2),  # a probability equal to the threshold is accepted
    }
    assert found.loc["top1", ["low", "high"]].tolist() == list(metrics.wilson(3, 4))
    lower = metrics.summary(SIX, threshold=0.7).set_index("metric")
    assert lower.loc["wrong_name", "n_right"] == 1


@settings(deadline=None)
@given(random_rows, st.sampled_from([0.0, 0.25, 0.6, 1.0]))
def test_summary_equals_a_loop_over_the_rows(rows, threshold):
    expected = dict.fromkeys(metrics.METRICS, 0)
    for indexed, right, probability, error_s, same in rows:
        accepted = probability >= threshold
        expected["top1"] += indexed and right
        expected["accepted_right"] += indexed and right and accepted
        expected["within_50ms"] += indexed and right and abs(error_s) <= 0.05
        expected["same_passage"] += indexed and right and same
        expected["within_500ms"] += indexed and right and abs(error_s) <= 0.5
        expected["wrong_name"] += indexed and accepted and not right
        expected["false_accept"] += accepted and not indexed
    found = metrics.overall(outcomes(rows), threshold)
    assert found["n_right"].to_dict() == expected
    n_positives = sum(row[0] for row in rows)
    assert found.loc["top1", "n"] == n_positives
    assert found.loc["false_accept", "n"] == len(rows) - n_positives


def test_summary_has_a_block_per_condition_and_clip_length_in_order():
    other = SIX.assign(condition="babble 0 dB", clip_s=10.0)
    found = metrics.summary(pd.concat([SIX, other, SIX.assign(clip_s=3.0)]), threshold=0.5)
    cells = found[["condition", "clip_s"]].drop_duplicates()
    assert list(cells.itertuples(index=False, name=None)) == [
        ("babble 0 dB", 10.0),
        ("clean", 3.0),
        ("clean", 5.0),
    ]
    assert found["metric"].tolist() == 3 * list(metrics.METRICS)


def test_nothing_asked_gives_no_share_and_the_widest_interval():
    nothing = outcomes([])
    assert metrics.summary(nothing, 0.5).empty
    found = metrics.overall(nothing, 0.5)
    assert found["share"].isna().all()
    assert (found["low"] == 0).all()
    assert (found["high"] == 1).all()
    assert metrics.det_curve(nothing).empty
    assert metrics.calibration_curve(nothing).empty
    assert math.isnan(metrics.calibration_error(metrics.calibration_curve(nothing)))
    recall = metrics.recall_at(nothing, 0.01)
    assert math.isnan(recall.recall.share)
    assert not recall.supported


def test_all_right_is_one_with_room_for_doubt():
    perfect = outcomes(30 * [(True, True, 1.0, 0.0, True)] + 30 * [(False, False, 0.0, 0.0, False)])
    found = metrics.overall(perfect, 0.5)
    assert found.loc["accepted_right", "share"] == 1
    assert found.loc["accepted_right", "low"] == pytest.approx(metrics.wilson(30, 30)[0])
    assert found.loc["false_accept", "share"] == 0
    assert metrics.calibration_error(metrics.calibration_curve(perfect)) == 0
    det = metrics.det_curve(perfect)
    assert det.values.tolist() == [[math.inf, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_out_of_fold_confidence_decides_where_the_rows_have_it():
    rows = SIX.assign(confidence_probability=0.0)
    assert metrics.overall(rows, 0.5).loc["accepted_right", "n_right"] == 0
    assert metrics.overall(rows, 0.5).loc["top1", "n_right"] == 3


def test_det_curve_of_six_queries_is_the_one_by_hand():
    det = metrics.det_curve(SIX)
    assert det.round(4).values.tolist() == [
        [math.inf, 0.0, 1.0],
        [0.9, 0.0, 0.75],
        [0.8, 0.0, 0.5],
        [0.75, 0.5, 0.5],
        [0.7, 0.5, 0.5],
        [0.2, 0.5, 0.25],
        [0.1, 1.0, 0.25],
    ]


@settings(deadline=None)
@given(random_rows)
def test_det_curve_agrees_with_counting_at_each_threshold(rows):
    frame = outcomes(rows)
    for threshold, false_alarm_rate, miss_rate in metrics.det_curve(frame).itertuples(index=False):
        found = metrics.overall(frame, threshold)["share"]
        assert found["false_accept"] == pytest.approx(false_alarm_rate)
        assert found["accepted_right"] == pytest.approx(1 - miss_rate)


@settings(deadline=None)
@given(random_rows, st.sampled_from([0.01, 0.1, 0.34, 0.5]))
def test_recall_keeps_to_the_false_alarm_rate_and_no_lower_threshold_would(rows, rate):
    frame = outcomes(rows)
    recall = metrics.recall_at(frame, rate)
    at = metrics.overall(frame, recall.threshold)
    assert at.loc["accepted_right", "n_right"] == recall.recall.n_right
    assert at.loc["false_accept", "n_right"] == recall.false_alarms.n_right
    assert recall.false_alarms.n_right <= rate * recall.false_alarms.n + 1e-9
    for lower in np.unique(frame.loc[frame["probability"] < recall.threshold, "probability"]):
        n_accepted = metrics.overall(frame, float(lower)).loc["false_accept", "n_right"]
        assert n_accepted > rate * recall.false_alarms.n


def test_recall_says_when_the_negatives_are_too_few():
    negatives = 99 * [(False, False, 0.3, math.nan, False)]
    rows = outcomes([(True, True, 0.6, 0.0, True), *negatives])
    few = metrics.recall_at(rows, 0.01)
    assert not few.supported
    assert few.n_negatives_needed == 100
    assert "99 queries of left-out songs cannot show a false-alarm rate of 1.0%" in few.note
    assert "up to 3.7%" in few.note  # Wilson, 0 of 99 at 95%
    enough = metrics.recall_at(pd.concat([rows, outcomes(negatives[:1])]), 0.01)
    assert enough.supported
    assert enough.note == ""
    assert metrics.recall_at(rows, 0.001).n_negatives_needed == 1000


def test_answers_are_placed_and_sure_as_counted_by_hand():
    rows = pd.DataFrame(
        {
            "work": list("abcdefgh"),
            "indexed": [True] * 6 + [False] * 2,
            "right": [True, True, True, True, False, True, False, False],
            "same_passage": [True, False, True, True, False, True, False, False],
            "offset_error_s": [0.0, 9.0, 0.0, 0.0, math.nan, 0.0, math.nan, math.nan],
            "probability": [0.999, 0.99, 0.7, 0.2, 0.995, 0.5, 0.992, 0.6],
        }
    )
    localised = metrics.localised(rows, 0.5)
    assert (localised.n_right, localised.n) == (3, 4)  # a, c and f; not b, which lies elsewhere
    sure = metrics.precision_at(rows, 0.5)
    assert (sure.n_right, sure.n) == (2, 4)  # a and b; e has a wrong name, g is a stranger
    assert metrics.precision_at(rows, 0.999).n == 1  # what is not accepted is no answer
    assert localised.low < localised.share < localised.high


def test_calibration_bins_hold_their_rows_and_error_is_the_weighted_distance():
    rows = outcomes(
        [
            (True, True, 0.05, 0.0, True),
            (True, False, 0.1, 0.0, True),  # on the edge: the bin above
            (True, True, 0.95, 0.0, True),
            (False, True, 1.0, 0.0, True),  # "right" of a negative does not count; top edge
        ]
    )
    curve = metrics.calibration_curve(rows)
    assert curve["n"].tolist() == [1, 1, 2]
    assert curve["from_probability"].tolist() == [0.0, 0.1, 0.9]
    assert curve["probability"].tolist() == pytest.approx([0.05, 0.1, 0.975])
    assert curve["share"].tolist() == [1, 0, 0.5]
    expected = (0.95 + 0.1 + 2 * 0.475) / 4
    assert metrics.calibration_error(curve) == pytest.approx(expected)


def test_calibrated_probabilities_have_a_small_error():
    rng = np.random.default_rng(3)
    probability = rng.random(20000)
    rows = outcomes([(True, True, 0.0, 0.0, True)]).loc[np.zeros(20000, int)]
    rows = rows.assign(probability=probability, right=rng.random(20000) < probability)
    assert metrics.calibration_error(metrics.calibration_curve(rows)) < 0.02


def test_latency_gives_percentiles_by_stage_and_of_the_sum():
    timings = pd.DataFrame(
        {"decode_s": np.zeros(101), "fingerprint_s": 0.5, "lookup_s": np.arange(101) / 100}
    ).assign(align_s=1.0)
    found = metrics.latency(timings)
    assert found.index.tolist() == ["decode", "fingerprint", "lookup", "align", "total"]
    assert found.loc["lookup", ["p50_s", "p95_s"]].tolist() == pytest.approx([0.5, 0.95])
    assert found.loc["total", ["p50_s", "p95_s"]].tolist() == pytest.approx([2.0, 2.45])
    assert metrics.latency(timings.iloc[:0])["p50_s"].isna().all()


def test_cost_is_per_second_and_hour_of_audio():
    found = metrics.cost(audio_s=7200.0, n_postings=14400, file_bytes=1000, build_s=36.0)
    assert found == {"postings_per_s": 2.0, "bytes_per_hour": 500.0, "ingest_x_real_time": 200.0}
    empty = metrics.cost(audio_s=0.0, n_postings=0, file_bytes=4096)
    assert all(math.isnan(value) for value in empty.values())


def test_missing_columns_and_impossible_thresholds_are_refused():
    with pytest.raises(ValueError, match="no column right"):
        metrics.det_curve(SIX.drop(columns="right"))
    with pytest.raises(ValueError, match="threshold must be at least 0"):
        metrics.summary(SIX, -0.1)
    with pytest.raises(ValueError, match="false_alarm_rate must be between 0 and 1"):
        metrics.recall_at(SIX, 0)
