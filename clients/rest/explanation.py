"""Records of an explanation: what is needed to draw how a recording was recognised.

Times are in seconds (``_s``), frequencies in hertz (``_hz``). Tuples of one record have equal
lengths: their i-th entries describe the same peak, pair or offset.
"""

from __future__ import annotations

from dataclasses import dataclass

from clients.rest.records import Candidate


@dataclass(frozen=True, slots=True)
class QueryPeaks:
    """Peaks of the recording."""

    query_s: tuple[float, ...]
    frequency_hz: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SongPeaks:
    """Peaks of the song at their times in the recording; nearness 1 is found, 0 is missed."""

    query_s: tuple[float, ...]
    frequency_hz: tuple[float, ...]
    nearness: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of peaks that recording and song share."""

    query_s: tuple[float, ...]
    song_s: tuple[float, ...]
    anchor_hz: tuple[float, ...]
    target_hz: tuple[float, ...]
    delta_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Votes of the song at each offset; ``highest_elsewhere`` shares none with the answer's."""

    offset_s: tuple[float, ...]
    votes: tuple[int, ...]
    tolerance_s: float
    highest_elsewhere: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence for a song, on which the decision rests."""

    votes: int
    contrast: float
    verified: float
    expected: int
    rank_z: float
    broadband_z: float
    crest_db: float
    n_hypotheses: int


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate laid over the recording at its offset, with the evidence for it."""

    candidate: Candidate
    song_duration_s: float
    evidence: Evidence
    peaks: SongPeaks
    aligned: Pairs
    scattered: Pairs
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Spectrogram of the recording.

    ``levels`` is base64 of ``n_frames`` × ``n_bins`` bytes, one frame after the other: 255 is
    ``max_db``, 0 is ``min_db`` and all below.
    """

    n_frames: int
    n_bins: int
    first_frame: int
    first_bin: int
    hop_s: float
    bin_hz: float
    min_db: float
    max_db: float
    levels: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How an answer came about; ``places`` are those of the best candidate and the runner-up."""

    matched: bool
    query_s: float
    hashes: int
    band_hz: tuple[float, float]
    threshold: float
    calibrated: bool
    reason: str | None
    candidates: tuple[Candidate, ...]
    places: tuple[Place, ...]
    peaks: QueryPeaks
    spectrogram: Spectrogram | None
