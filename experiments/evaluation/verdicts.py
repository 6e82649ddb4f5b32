"""Verdicts: what is true of an answer, and of the place that it tells. Times are in seconds.

A place is right where the song has what was asked, be it the place that it was cut from or an exact
repeat of that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.corpora import Corpus, Track
from experiments.protocol.recordings import KnownSong, RecordedQuery
from fpcore.records import FloatArray, Signal

PLACE_TOLERANCE_S = 0.05
SAME_PASSAGE_CORRELATION = 0.9

AudioOf = Callable[[KnownSong], Signal]
"""Returns the decoded audio of a song at the sample rate of the index."""


def verdict_on_recording(
    query: RecordedQuery,
    answer: KnownSong | None,
    *,
    offset_s: float,
    duration_s: float,
    audio_of: AudioOf | None,
) -> dict[str, Any]:
    """Return what is true of the answer to a recording.

    Parameters
    ----------
    query : RecordedQuery
        The recording, with its song and, where that is known, the place in it.
    answer : KnownSong or None
        The song that was answered.
    offset_s : float
        The place in it that was told, in seconds.
    duration_s : float
        Length of the recording in seconds.
    audio_of : AudioOf or None
        The audio of songs, which exact repeats are sought in; without it, no place but the true
        one is right.

    Returns
    -------
    dict
        The columns right, offset_error_s and same_passage of `experiments.evaluation.rows`.
    """
    song = query.song
    if answer is None or song is None or answer.work != song.work:
        return {"right": False, "offset_error_s": math.nan, "same_passage": False}
    error_s = offset_s - query.start_s if answer.id == song.id else math.nan
    same_passage = abs(error_s) <= PLACE_TOLERANCE_S
    if audio_of is not None and not same_passage and not math.isnan(query.start_s):
        passage = _passage(audio_of(song), query.start_s, duration_s)
        same_passage = sounds_the_same(passage, audio_of(answer), offset_s)
    return {"right": True, "offset_error_s": error_s, "same_passage": same_passage}


def _passage(song: Signal, start_s: float, duration_s: float) -> FloatArray:
    """Return the passage of a song that a recording is of, shorter where the song ends before."""
    start = round(start_s * song.sample_rate_hz)
    return song.samples[start : start + round(duration_s * song.sample_rate_hz)]


def is_right(corpus: Corpus, answer: str, track: Track) -> bool:
    """Whether an answer is of the asked work: variants of one piece count as right.

    Parameters
    ----------
    corpus : Corpus
        Where both are from.
    answer : str
        Id of the track that was answered, "" for none.
    track : Track
        The track that was asked about.
    """
    return bool(answer) and corpus.by_id[answer].work == track.work


def sounds_the_same(clip: FloatArray, song: Signal, offset_s: float) -> bool:
    """Whether the song has the very waveform of a clip within 50 ms of a place.

    Music is full of exact repeats: loops, refrains, bars copied in a tracker. A place in the
    song that holds the same samples is as right as any other. The measure is the largest
    normalised cross-correlation, which must reach `SAME_PASSAGE_CORRELATION`.

    Parameters
    ----------
    clip : float32 (n,)
        The passage that was asked, undegraded, at the sample rate of ``song``. One without a sample
        sounds like nothing.
    song : Signal, float32 (n_samples,)
        The whole song that was answered.
    offset_s : float
        The place in it, in seconds; it may lie before the start.

    Examples
    --------
    >>> bar = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    >>> song = Signal(np.concatenate([bar, 0.1 * bar[::-1], bar]), 8000)
    >>> sounds_the_same(bar, song, 2.0), sounds_the_same(bar, song, 1.0)
    (True, False)
    """
    from scipy.signal import correlate  # a second to import

    reach = round(PLACE_TOLERANCE_S * song.sample_rate_hz)
    start = round(offset_s * song.sample_rate_hz) - reach
    wanted = len(clip) + 2 * reach
    before, after = max(0, -start), max(0, start + wanted - len(song.samples))
    if before + after >= wanted or not len(clip):
        return False
    passage = np.pad(song.samples[max(start, 0) : start + wanted], (before, after))
    products = correlate(passage, clip, mode="valid", method="fft")
    cumulative = np.concatenate([[0.0], np.cumsum(passage.astype(np.float64) ** 2)])
    window: NDArray[np.float64] = cumulative[len(clip) :] - cumulative[: -len(clip)]
    norm = np.sqrt(np.maximum(window, 1e-12) * float(np.sum(clip.astype(np.float64) ** 2)))
    return bool(np.max(products / np.maximum(norm, 1e-12)) >= SAME_PASSAGE_CORRELATION)
