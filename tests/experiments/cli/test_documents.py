"""Tables and numbers in JSON: plain, with what is not finite as null."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from experiments.cli.documents import plain, records


def test_rows_have_the_columns_and_the_index_where_it_has_a_name() -> None:
    table = pd.DataFrame({"share": [0.5, np.nan], "n": [1, 2]}, index=["a", "b"])
    assert records(table) == [{"share": 0.5, "n": 1}, {"share": None, "n": 2}]
    assert records(table.rename_axis("trial"))[1] == {"trial": "b", "share": None, "n": 2}


def test_what_json_does_not_have_is_made_plain() -> None:
    value = {1: (np.int64(2), np.float32(0.5), np.inf), "flag": np.bool_(True), "text": "a"}
    made = plain(value)
    assert made == {"1": [2, 0.5, None], "flag": True, "text": "a"}
    assert json.loads(json.dumps(made, allow_nan=False)) == made
