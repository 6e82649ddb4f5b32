"""Hash tokens of landmarks, packed or readable: what is looked up in the index.

A landmark (f1, f2, Δt) becomes one integer in mixed radix,
``((f1 - first_bin) * n_bins + (f2 - first_bin)) * (max_delta_frames + 1) + Δt``.
Every combination inside the configured band and time limit has a token of its own: nothing is
masked, wrapped or rounded, and no token is wasted. What lies outside is refused, never clipped.
The readable form of the same token is ``f1|f2|Δt`` with FFT bins counted from 0 Hz and Δt in
frames. The triple is that of A. Wang, "An industrial-strength audio search algorithm", ISMIR
2003, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.records import Hashes, IntArray, Landmarks, LongArray


def hashes(landmarks: Landmarks, config: FingerprintConfig) -> Hashes:
    """Return the token of each landmark, with its anchor's frame, in the order of the landmarks.

    Raises
    ------
    ValueError
        When a landmark lies outside the band or the time limit of ``config``.
    """
    token = pack(landmarks.anchor_bin, landmarks.target_bin, landmarks.delta_frames, config)
    return Hashes(token, landmarks.anchor_frame)


def pack(
    anchor_bin: IntArray | LongArray,
    target_bin: IntArray | LongArray,
    delta_frames: IntArray | LongArray,
    config: FingerprintConfig,
) -> LongArray:
    """Return the packed token of each triple.

    Parameters
    ----------
    anchor_bin, target_bin : int32 or int64 (m,)
        FFT bins, counted from 0 Hz, within the band of ``config``.
    delta_frames : int32 or int64 (m,)
        Frames from anchor to target, from 0 to ``config.max_delta_frames``.
    config : FingerprintConfig
        The configuration whose token space is used.

    Returns
    -------
    int64 (m,)
        Tokens in ``range(config.n_tokens)``, in the order of the triples.

    Raises
    ------
    ValueError
        When a bin lies outside the band of ``config``, or a delta outside its time limit.

    Examples
    --------
    >>> import numpy as np
    >>> from fpcore.config import FingerprintConfig
    >>> config = FingerprintConfig()
    >>> token = pack(np.array([100]), np.array([120]), np.array([7]), config)
    >>> token
    array([9020887])
    >>> unpack(token, config)
    (array([100], dtype=int32), array([120], dtype=int32), array([7], dtype=int32))
    """
    first, n_bins, n_deltas = config.first_bin, config.n_bins, config.max_delta_frames + 1
    f1, f2 = anchor_bin.astype(np.int64) - first, target_bin.astype(np.int64) - first
    ranges = (("f1", f1, n_bins), ("f2", f2, n_bins), ("dt", delta_frames, n_deltas))
    for name, values, limit in ranges:
        if values.size and not (values.min() >= 0 and values.max() < limit):
            origin = "" if name == "dt" else f", counted from bin {first}"
            raise ValueError(
                f"{name} must lie in range({limit}){origin}, got {values.min()} to {values.max()}"
            )
    packed: LongArray = (f1 * n_bins + f2) * n_deltas + delta_frames
    return packed


def unpack(tokens: LongArray, config: FingerprintConfig) -> tuple[IntArray, IntArray, IntArray]:
    """Return (anchor_bin, target_bin, delta_frames) of tokens int64 (m,), each int32 (m,).

    Bins are FFT bins counted from 0 Hz. This is the inverse of `pack`.
    """
    bins, delta_frames = np.divmod(tokens, config.max_delta_frames + 1)
    f1, f2 = np.divmod(bins, config.n_bins)
    first = config.first_bin
    return (
        (f1 + first).astype(np.int32),
        (f2 + first).astype(np.int32),
        delta_frames.astype(np.int32),
    )


def to_text(tokens: LongArray, config: FingerprintConfig) -> list[str]:
    """Return the readable form ``f1|f2|Δt`` of each packed token int64 (m,), in their order.

    >>> import numpy as np
    >>> from fpcore.config import FingerprintConfig
    >>> to_text(np.array([9020887]), FingerprintConfig())
    ['100|120|7']
    """
    columns = (column.tolist() for column in unpack(tokens, config))
    return [f"{f1}|{f2}|{dt}" for f1, f2, dt in zip(*columns, strict=True)]


def from_text(texts: Sequence[str], config: FingerprintConfig) -> LongArray:
    """Return the packed tokens int64 (m,) of readable ones, in order: the inverse of `to_text`.

    Raises
    ------
    ValueError
        When a text is not three numbers, or lies outside the band or the time limit of ``config``.
    """
    parts = [text.split("|") for text in texts]
    odd = [text for text, triple in zip(texts, parts, strict=True) if len(triple) != 3]
    if odd:
        raise ValueError(f"a token reads f1|f2|dt, got {odd[0]!r}")
    triples = np.array(parts, dtype=np.int64).reshape(-1, 3)
    return pack(triples[:, 0], triples[:, 1], triples[:, 2], config)
