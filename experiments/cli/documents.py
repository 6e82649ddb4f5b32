"""Documents in JSON: tables and numbers as the commands print them with ``--json``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table by its columns, and by those of its index that have a name."""
    named = [name for name in table.index.names if name is not None]
    rows = (table.reset_index() if named else table).to_dict("records")
    return [{str(name): plain(one) for name, one in row.items()} for row in rows]


def plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers of NumPy as Python's, what is not finite as null.

    >>> plain({"share": float("nan"), "of": [1, 2.5]})
    {'share': None, 'of': [1, 2.5]}
    """
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
