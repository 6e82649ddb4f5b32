"""Postings of two segments, each sorted, merged to a sorted whole."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel

Columns: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Tokens, numbers of songs and frames of postings, each int64 (n,), sorted in this order."""


@kernel
def merged(one: Columns, other: Columns) -> Columns:
    """Return the postings of both, sorted; no song is in both."""
    token_of_one, song_of_one, frame_of_one = one
    token_of_other, song_of_other, frame_of_other = other
    n_one, n_other = len(token_of_one), len(token_of_other)
    token, song = np.empty(n_one + n_other, np.int64), np.empty(n_one + n_other, np.int64)
    frame = np.empty(n_one + n_other, np.int64)
    i = j = 0
    for n in range(n_one + n_other):
        if j == n_other:
            is_one = True
        elif i == n_one:
            is_one = False
        elif token_of_one[i] != token_of_other[j]:
            is_one = token_of_one[i] < token_of_other[j]
        else:
            is_one = song_of_one[i] < song_of_other[j]
        if is_one:
            token[n], song[n], frame[n] = token_of_one[i], song_of_one[i], frame_of_one[i]
            i += 1
        else:
            token[n], song[n], frame[n] = token_of_other[j], song_of_other[j], frame_of_other[j]
            j += 1
    return token, song, frame
