"""How kept peaks fare: against a loop over windows, and where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.survival.examples import Examples
from experiments.survival.survivors import kept, kept_of_song, places, survival
from fpcore import peaks
from fpcore.config import FingerprintConfig
from fpcore.records import Peaks
from tests.experiments.survival.synthetic_examples import examples, law
from tests.fpcore.synthetic import CLASSIC, LEAN


@pytest.mark.parametrize("n_places", [1, 3, 50])
def test_keeps_what_a_loop_over_windows_keeps(n_places: int) -> None:
    rng = np.random.default_rng(2)
    window = rng.integers(0, 12, 200)
    score = rng.integers(0, 6, 200).astype(float)  # many ties
    expected = set()
    for one in range(12):
        rows = [row for row in range(200) if window[row] == one]
        expected |= set(sorted(rows, key=lambda row: (-score[row], row))[:n_places])
    assert set(np.flatnonzero(kept(score, window, n_places)).tolist()) == expected


def test_keeps_what_thinning_keeps() -> None:
    rng = np.random.default_rng(5)
    frame = np.sort(rng.integers(0, 400, 900)).astype(np.int32)
    level_db = rng.normal(size=900).astype(np.float32)
    found = Peaks.on_bins(frame, np.arange(900, dtype=np.int32), level_db)
    window = np.floor(frame / (LEAN.peaks.density_window_s / LEAN.hop_s)).astype(np.int64)
    thinned = peaks.thin(found, LEAN, LEAN.peaks.max_peaks_per_s)
    chosen = kept(level_db.astype(float), window, places(LEAN))
    np.testing.assert_array_equal(thinned.bin, found.bin[chosen])


def test_a_song_keeps_the_best_by_score_with_the_heights_they_had() -> None:
    rng = np.random.default_rng(6)
    frame = np.sort(rng.integers(0, 400, 900)).astype(np.int32)
    level_db = rng.normal(size=900).astype(np.float32)
    found = Peaks.on_bins(frame, np.arange(900, dtype=np.int32), level_db)
    opposite = kept_of_song(found, -level_db.astype(float), LEAN).paired_peaks
    window = np.floor(frame / (LEAN.peaks.density_window_s / LEAN.hop_s)).astype(np.int64)
    lowest = kept(-level_db.astype(float), window, places(LEAN))
    np.testing.assert_array_equal(opposite.bin, found.bin[lowest])
    np.testing.assert_array_equal(opposite.level_db, level_db[lowest])


def test_there_is_at_least_one_place_and_a_limit_is_needed() -> None:
    assert places(LEAN) == 5
    few = LEAN.model_copy(update={"peaks": LEAN.peaks.model_copy(update={"max_peaks_per_s": 0.5})})
    assert places(few) == 1
    with pytest.raises(ValueError, match=r"peaks\.max_peaks_per_s: set it"):
        places(FingerprintConfig.model_validate(CLASSIC.model_dump()))


def test_counts_survivors_and_what_one_score_gains_over_the_first() -> None:
    description = np.zeros((8, 1))
    found = np.array([[1, 0], [0, 0], [1, 1], [0, 1]] * 2, bool)
    work = np.array(["a"] * 4 + ["b"] * 4)
    known = Examples(description, found, work, np.repeat([0, 1], 4), ("noise", "room"))
    early, best = np.arange(8, 0, -1.0), found.sum(axis=1) + np.arange(8) / 100
    table = survival(
        known, {"early": early, "best": best}, n_places=2, rng=np.random.default_rng(0)
    ).set_index(["score", "condition"])
    assert table.loc[("early", "all"), "share"] == 0.25
    assert table.loc[("early", "noise"), "share"] == 0.5
    assert table.loc[("early", "room"), "share"] == 0.0
    assert table.loc[("early", "all"), ["difference", "difference_low"]].tolist() == [0, 0]
    assert table.loc[("best", "all"), "share"] == 0.75
    assert table.loc[("best", "room"), "share"] == 1.0
    gain = table.loc[("best", "all"), ["difference", "difference_low", "difference_high"]]
    assert gain.tolist() == [0.5, 0.5, 0.5]  # the same in both works
    assert table.loc[("best", "noise"), "auc"] == pytest.approx(13 / 16)


def test_the_law_itself_keeps_more_survivors_than_half_of_it() -> None:
    known = examples(law(height_db=1.0, octaves=2.0), n_windows=200)
    whole = known.description @ law(height_db=1.0, octaves=2.0)
    table = survival(
        known,
        {"height": known.description[:, 0], "law": whole},
        n_places=5,
        rng=np.random.default_rng(0),
    )
    gain = table[(table["score"] == "law") & (table["condition"] == "all")].iloc[0]
    assert 0 < gain["difference_low"] < gain["difference"] < gain["difference_high"]
