"""The columns that metrics need."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments.metrics.rows import probability_of, require, scores_of


def test_every_missing_column_is_named() -> None:
    rows = pd.DataFrame({"right": [True]})
    require(rows, ["right"])
    with pytest.raises(ValueError, match=r"^the rows have no column work, indexed$"):
        require(rows, ["work", "right", "indexed"])


ROWS = pd.DataFrame(
    {
        "indexed": [True, True, False],
        "right": [True, False, True],
        "probability": [0.9, 0.2, 0.6],
    }
)


def test_the_probability_out_of_fold_decides_where_it_is_known() -> None:
    assert probability_of(ROWS).tolist() == [0.9, 0.2, 0.6]
    held_out = ROWS.assign(confidence_probability=[0.1, 0.3, 0.5])
    assert probability_of(held_out).tolist() == [0.1, 0.3, 0.5]
    with pytest.raises(ValueError, match=r"no column probability$"):
        probability_of(ROWS.drop(columns="probability"))


def test_no_answer_about_a_song_that_is_not_indexed_is_right() -> None:
    probability, right, negative = scores_of(ROWS)
    assert probability.tolist() == [0.9, 0.2, 0.6]
    assert right.tolist() == [True, False, False]
    assert negative.tolist() == [False, False, True]
    for name in ("indexed", "right"):
        with pytest.raises(ValueError, match=f"no column {name}$"):
            scores_of(ROWS.drop(columns=name))
