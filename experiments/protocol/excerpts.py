"""Excerpts of recordings: where they start, and their samples.

Excerpts start at any sample, never on a grid of frames, and avoid silence. Which ones are
picked depends on the seed, the track and their length only: not on other tracks, on order, or on
how many are asked for. Times are seconds from the start of the recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.errors import CorpusError
from fpcore.records import FloatArray, Signal

BLOCK_S = 0.05
"""Length in seconds of the blocks in which loudness is judged."""

ACTIVE_BELOW_LOUD_DB = 35.0
"""A block is active when it is at most this many dB below the recording's loud passages."""

LOUD_PERCENTILE = 95.0
"""Percentage of the blocks that stay below the level of the loud passages."""

ABSOLUTE_FLOOR_DB = -80.0
"""No block below this level of full scale is active, however quiet the recording."""

MIN_ACTIVE_SHARE = 0.8
"""An excerpt is taken where at least this share of it is active, or the largest share there is."""


@dataclass(frozen=True, slots=True, order=True)
class Excerpt:
    """A stretch of a track: ``start_s`` lies on a sample of the signal it was picked from."""

    track_id: str
    start_s: float
    duration_s: float


def pick_excerpts(
    signal: Signal, *, track_id: str, n: int, duration_s: float, rng: np.random.Generator
) -> tuple[Excerpt, ...]:
    """Return ``n`` excerpts at random sample positions, in the order drawn.

    They may overlap. Asking for fewer gives the first of them.

    Parameters
    ----------
    signal : Signal, float32 (n_samples,)
        The decoded recording.
    track_id : str
        Id that the excerpts carry.
    n : int, at least 0
        Number of excerpts.
    duration_s : float, above 0
        Length of each in seconds.
    rng : numpy.random.Generator
        Usually ``seeded_rng(seed, "excerpts", corpus.seeded_as, track_id)``.

    Returns
    -------
    tuple of n Excerpt

    Raises
    ------
    CorpusError
        If the recording is shorter than an excerpt, or silent.
    ValueError
        If ``n`` is negative, or an excerpt would hold no sample.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = Signal(rng.standard_normal(80_000, dtype=np.float32), 8000)  # 10 s
    >>> [one] = pick_excerpts(noise, track_id="noise", n=1, duration_s=4.0, rng=rng)
    >>> 0 <= one.start_s <= 6, len(cut(noise, one).samples)
    (True, 32000)
    """
    length = round(duration_s * signal.sample_rate_hz)
    last_start = len(signal.samples) - length
    if length < 1 or n < 0:
        raise ValueError(f"n must be >= 0 and duration_s hold a sample, got {n}, {duration_s}")
    if last_start < 0:
        raise CorpusError(
            f"{track_id} lasts {signal.duration_s:.1f} s, too short for excerpts of "
            f"{duration_s} s: ask for shorter ones or leave it out"
        )
    block = max(1, round(BLOCK_S * signal.sample_rate_hz))
    share = _active_share(signal.samples, block, length)[: last_start // block + 1]
    if not np.any(share):
        raise CorpusError(f"{track_id} is silent, there is nothing to cut: leave it out")
    allowed = np.flatnonzero(share >= min(MIN_ACTIVE_SHARE, float(np.max(share))))
    draws = rng.random((n, 2))
    chosen = allowed[(draws[:, 0] * len(allowed)).astype(np.int64)] * block
    width = np.minimum(block, last_start + 1 - chosen)
    starts = chosen + (draws[:, 1] * width).astype(np.int64)
    return tuple(Excerpt(track_id, int(s) / signal.sample_rate_hz, duration_s) for s in starts)


def cut(signal: Signal, excerpt: Excerpt) -> Signal:
    """Return the samples of ``excerpt``, exactly, as a view of ``signal``.

    Raises
    ------
    CorpusError
        If the excerpt reaches beyond the recording.
    """
    start = round(excerpt.start_s * signal.sample_rate_hz)
    end = start + round(excerpt.duration_s * signal.sample_rate_hz)
    if start < 0 or end > len(signal.samples):
        raise CorpusError(
            f"the excerpt {excerpt.start_s}-{excerpt.start_s + excerpt.duration_s} s reaches "
            f"beyond {excerpt.track_id}, which lasts {signal.duration_s:.3f} s"
        )
    return Signal(signal.samples[start:end], signal.sample_rate_hz)


def _active_share(samples: FloatArray, block: int, length: int) -> NDArray[np.float64]:
    """Return the active share of the excerpt that starts with each block, float64 (n_blocks,).

    ``block`` and ``length`` are in samples. Where an excerpt starts within a block does not
    count, so the share is right to one block.
    """
    n_blocks = max(1, len(samples) // block)
    whole = samples[: n_blocks * block].reshape(n_blocks, -1)
    power = np.einsum("ij,ij->i", whole, whole, dtype=np.float64) / whole.shape[1]
    level_db = 10 * np.log10(np.maximum(power, 1e-20))
    loud_db = float(np.percentile(level_db, LOUD_PERCENTILE))
    active = level_db >= max(loud_db - ACTIVE_BELOW_LOUD_DB, ABSOLUTE_FLOOR_DB)
    reach = max(1, round(length / block))
    padded = np.concatenate([[0], np.cumsum(np.pad(active, (0, reach)))])
    share: NDArray[np.float64] = (padded[reach : reach + n_blocks] - padded[:n_blocks]) / reach
    return share
