"""Markup of tables for notebooks: what records show of themselves where HTML is displayed.

Everything is escaped: names come from files and may hold anything.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

MOST_ROWS = 20
"""Rows of a table that are shown; the rest is counted."""


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "") -> str:
    """Return a table as HTML, its first `MOST_ROWS` rows and how many there are beyond.

    Parameters
    ----------
    headings : sequence of str
        One for each column; none at all for a table without a head.
    rows : iterable of sequence
        Cells; numbers stand on the right.
    caption : str
        A sentence above; without rows it stands alone.

    Returns
    -------
    str
        HTML without scripts or styles of its own.

    Examples
    --------
    >>> table([], [["Tom & Jerry"]])
    '<table><tbody><tr><td>Tom &amp; Jerry</td></tr></tbody></table>'
    """
    rows = list(rows)
    told = f"<p>{_escaped(caption)}</p>" if caption else ""
    if not rows:
        return told
    head = "".join(f"<th>{_escaped(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows[:MOST_ROWS])
    n_more = len(rows) - MOST_ROWS
    more = f"<p>and {n_more:,} more</p>" if n_more > 0 else ""
    headed = f"<thead><tr>{head}</tr></thead>" if headings else ""
    return f"{told}<table>{headed}<tbody>{body}</tbody></table>{more}"


def _cell(value: object) -> str:
    align = ' style="text-align: right"' if isinstance(value, int | float) else ""
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return f"<td{align}>{_escaped(text)}</td>"


def _escaped(text: str) -> str:
    # Bytes of a file name that are no text stand in it as half characters, which HTML has not.
    return html.escape(text.encode("utf-8", "backslashreplace").decode())
