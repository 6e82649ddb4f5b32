"""The columns that metrics need."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments.metrics.rows import require


def test_every_missing_column_is_named() -> None:
    rows = pd.DataFrame({"right": [True]})
    require(rows, ["right"])
    with pytest.raises(ValueError, match=r"^the rows have no column work, indexed$"):
        require(rows, ["work", "right", "indexed"])
