"""Explanations as JSON: levels as bytes, rounded times and frequencies, votes elsewhere."""

from __future__ import annotations

import base64

import httpx
import numpy as np

from api.schemas.explanation import (
    ExplanationBody,
    HistogramBody,
    QueryPeaksBody,
    SongPeaksBody,
    SpectrogramBody,
)
from fpcore.records import Spectrogram
from fpcore.search.explain import OffsetHistogram, QueryPeaks, SongPeaks
from tests.api.schemas.documented import assert_exemplified


def test_documentation_has_an_example_that_is_what_it_exemplifies(client: httpx.Client) -> None:
    assert_exemplified(ExplanationBody, client)


def test_levels_are_bytes_from_50_db_below_the_highest_up_to_it() -> None:
    level_db = np.array([[-10, -20, -35], [-59.9, -60, -200]], np.float32)
    body = SpectrogramBody.of(Spectrogram(level_db, 0.02, 5.4, first_frame=3, first_bin=40))
    # 10 dB are 51 of the 255 steps; a frame comes after the other.
    assert [*base64.b64decode(body.levels)] == [255, 204, 128, 1, 0, 0]
    assert (body.n_frames, body.n_bins, body.first_frame, body.first_bin) == (2, 3, 3, 40)
    assert (body.min_db, body.max_db) == (-60.0, -10.0)


def test_a_recording_without_frames_has_no_levels() -> None:
    body = SpectrogramBody.of(Spectrogram(np.empty((0, 3), np.float32), 0.02, 5.4))
    assert (body.n_frames, body.levels) == (0, "")


def test_times_are_rounded_to_tenths_of_a_millisecond_and_frequencies_of_a_hertz() -> None:
    time_s, frequency_hz = np.array([0.0, 1.23456]), np.array([441.449, 882.96])
    body = QueryPeaksBody.of(QueryPeaks(time_s, frequency_hz))
    assert body.query_s == [0.0, 1.2346]
    assert body.frequency_hz == [441.4, 883.0]
    song = SongPeaksBody.of(SongPeaks(time_s + 10, time_s, frequency_hz, np.array([1.0, 0.12345])))
    assert (song.query_s, song.nearness) == ([0.0, 1.2346], [1.0, 0.123])


def test_votes_elsewhere_are_those_that_share_no_hit_with_the_candidates_offset() -> None:
    offset_s = np.arange(8) / 10
    votes = np.array([3, 4, 9, 20, 9, 5, 2, 6])
    body = HistogramBody.of(OffsetHistogram(offset_s, votes, tolerance_s=0.08), 0.3)
    assert body.votes == votes.tolist()
    # Within 3 × 0.08 s of 0.3 s lie 0.1 to 0.5 s.
    assert body.highest_elsewhere == 6
