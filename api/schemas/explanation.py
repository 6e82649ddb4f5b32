"""Explanation as JSON: what a page needs to draw how a recording was recognised.

Times are seconds rounded to a tenth of a millisecond, frequencies hertz rounded to a tenth.
Lists of one body have equal lengths: their i-th entries describe the same peak, pair or offset.
Levels of the spectrogram are bytes: 255 is ``max_db``, 0 is ``min_db`` and all below.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from api.schemas.bodies import CandidateBody, example
from fpcore.records import Spectrogram
from fpcore.search.explain import Explanation, OffsetHistogram, Pairs, Place, QueryPeaks, SongPeaks

RANGE_DB = 50.0
"""How far below its highest level a spectrogram is shown, in dB."""


class QueryPeaksBody(BaseModel):
    """Peaks of the recording, at all its shifts."""

    query_s: list[float]
    frequency_hz: list[float]

    @classmethod
    def of(cls, peaks: QueryPeaks) -> QueryPeaksBody:
        """Return the peaks as lists."""
        return cls(query_s=_seconds(peaks.query_s), frequency_hz=_hertz(peaks.frequency_hz))


class SongPeaksBody(BaseModel):
    """Peaks of the song, at the times in the recording where the candidate's offset puts them."""

    query_s: list[float]
    frequency_hz: list[float]
    nearness: list[float] = Field(
        description="1: found within half a frame of its place, 0: missed"
    )

    @classmethod
    def of(cls, peaks: SongPeaks) -> SongPeaksBody:
        """Return the peaks as lists."""
        return cls(
            query_s=_seconds(peaks.query_s),
            frequency_hz=_hertz(peaks.frequency_hz),
            nearness=peaks.nearness.round(3).tolist(),
        )


class PairsBody(BaseModel):
    """Pairs of peaks that recording and song share."""

    query_s: list[float]
    song_s: list[float]
    anchor_hz: list[float]
    target_hz: list[float]
    delta_s: list[float]

    @classmethod
    def of(cls, pairs: Pairs) -> PairsBody:
        """Return the pairs as lists."""
        return cls(
            query_s=_seconds(pairs.query_s),
            song_s=_seconds(pairs.song_s),
            anchor_hz=_hertz(pairs.anchor_hz),
            target_hz=_hertz(pairs.target_hz),
            delta_s=_seconds(pairs.delta_s),
        )


class HistogramBody(BaseModel):
    """Votes of the song at each offset; each counts hits within ``tolerance_s``."""

    offset_s: list[float]
    votes: list[int]
    tolerance_s: float
    highest_elsewhere: int = Field(description="Most votes at an offset that shares none")

    @classmethod
    def of(cls, histogram: OffsetHistogram, offset_s: float) -> HistogramBody:
        """Return the histogram of a candidate whose offset is given."""
        return cls(
            offset_s=_seconds(histogram.offset_s),
            votes=histogram.votes.tolist(),
            tolerance_s=histogram.tolerance_s,
            highest_elsewhere=histogram.highest_elsewhere(offset_s),
        )


class EvidenceBody(BaseModel):
    """Evidence for a song, on which the decision rests: see `fpcore.search.explain.Evidence`."""

    votes: int
    contrast: float
    verified: float
    expected: int
    rank_z: float
    broadband_z: float
    crest_db: float
    n_hypotheses: int


class PlaceBody(BaseModel):
    """A candidate song laid over the recording at its offset, with the evidence for it."""

    candidate: CandidateBody
    song_duration_s: float
    evidence: EvidenceBody
    peaks: SongPeaksBody
    aligned: PairsBody
    scattered: PairsBody
    histogram: HistogramBody

    @classmethod
    def of(cls, place: Place) -> PlaceBody:
        """Return a place as lists and numbers."""
        return cls(
            candidate=CandidateBody.of(place.match),
            song_duration_s=place.song_duration_s,
            evidence=EvidenceBody(**asdict(place.evidence)),
            peaks=SongPeaksBody.of(place.peaks),
            aligned=PairsBody.of(place.aligned),
            scattered=PairsBody.of(place.scattered),
            histogram=HistogramBody.of(place.histogram, place.match.offset_s),
        )


class SpectrogramBody(BaseModel):
    """Spectrogram of the recording, as bytes in base64, one frame after the other."""

    n_frames: int
    n_bins: int
    first_frame: int
    first_bin: int
    hop_s: float
    bin_hz: float
    min_db: float
    max_db: float
    levels: str = Field(description="base64 of n_frames × n_bins bytes")

    @classmethod
    def of(cls, spectrogram: Spectrogram) -> SpectrogramBody:
        """Return the levels in 256 steps below the highest."""
        level_db = spectrogram.level_db
        max_db = float(level_db.max(initial=-200.0))
        above = (level_db - np.float32(max_db - RANGE_DB)) / np.float32(RANGE_DB)
        levels = np.rint(255 * above.clip(0, 1)).astype(np.uint8)
        return cls(
            n_frames=level_db.shape[0],
            n_bins=level_db.shape[1],
            first_frame=spectrogram.first_frame,
            first_bin=spectrogram.first_bin,
            hop_s=spectrogram.hop_s,
            bin_hz=spectrogram.bin_hz,
            min_db=max_db - RANGE_DB,
            max_db=max_db,
            levels=base64.b64encode(levels.tobytes()).decode(),
        )


class ExplanationBody(BaseModel):
    """How the answer to a recording came about; the best candidate and the runner-up in full."""

    matched: bool
    query_s: float
    hashes: int
    band_hz: tuple[float, float]
    threshold: float
    calibrated: bool
    reason: str | None = Field(description="Why there is no candidate")
    candidates: list[CandidateBody]
    places: list[PlaceBody]
    peaks: QueryPeaksBody
    spectrogram: SpectrogramBody | None

    model_config = example(
        matched=False,
        query_s=5.0,
        hashes=2604,
        band_hz=[199.2, 3499.2],
        threshold=0.58,
        calibrated=True,
        reason="the index holds no songs.",
        candidates=[],
        places=[],
        peaks={"query_s": [0.0, 0.0232], "frequency_hz": [441.4, 882.9]},
        spectrogram=None,
    )

    @classmethod
    def of(cls, explanation: Explanation) -> ExplanationBody:
        """Return an explanation as clients see it."""
        levels = explanation.spectrogram
        return cls(
            matched=explanation.accepted,
            query_s=explanation.query_s,
            hashes=explanation.n_hashes,
            band_hz=explanation.band_hz,
            threshold=explanation.threshold,
            calibrated=explanation.calibrated,
            reason=explanation.reason,
            candidates=[CandidateBody.of(match) for match in explanation.matches],
            places=[PlaceBody.of(place) for place in explanation.places],
            peaks=QueryPeaksBody.of(explanation.query),
            spectrogram=None if levels is None else SpectrogramBody.of(levels),
        )


def _seconds(array: NDArray[Any]) -> list[float]:
    rounded: list[float] = array.round(4).tolist()
    return rounded


def _hertz(array: NDArray[Any]) -> list[float]:
    rounded: list[float] = array.round(1).tolist()
    return rounded
