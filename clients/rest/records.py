"""Records of answers: what the service says of songs, recognitions, and itself.

Times and durations are in seconds (``_s``), sizes in bytes (``_bytes``); probabilities and
confidences lie in [0, 1]. Field names are those of the service's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was not fulfilled: a word for programs, a sentence for people, its id."""

    code: str
    message: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Status:
    """The word that the service is alive, or ready."""

    status: str


@dataclass(frozen=True, slots=True)
class Song:
    """A song of the index.

    ``stated_s`` is the length that a recording which is cut off (not ``complete``) states.
    ``audio_kept`` tells whether the server can re-index it.
    """

    song_id: int
    song_name: str
    duration_s: float
    fingerprints: int
    checksum: str
    learned_at: datetime
    metadata: Mapping[str, Any]
    audio_kept: bool
    complete: bool
    stated_s: float | None


@dataclass(frozen=True, slots=True)
class Learned(Song):
    """A song that was sent to be learned.

    It was known if it was not ``created``: the same file, the same audio in other bytes, or a part
    of a song that is there whole. ``replaced`` are the ids of incomplete songs whose place it took.
    ``warning`` is a sentence for people.
    """

    created: bool
    known_by: Literal["file", "audio", "whole"] | None
    replaced: tuple[int, ...]
    warning: str | None


@dataclass(frozen=True, slots=True)
class SongPage:
    """Some of the songs; ``total`` counts those of all pages."""

    songs: tuple[Song, ...]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Removed:
    """How many songs were removed."""

    removed: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A song that a recording may come from; the recording begins ``offset_s`` into it.

    ``confidence`` is the ``probability``, but 0 below the threshold. ``pitch`` and ``tempo`` are
    ratios of what is heard to what was learned.
    """

    song_id: int
    song_name: str
    offset_s: float
    matches: int
    probability: float
    confidence: float
    pitch: float
    tempo: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """A song that is heard in a long recording, and where in the song that begins."""

    song_id: int
    song_name: str
    start_s: float
    end_s: float
    song_offset_s: float
    matches: int
    confidence: float
    pitch: float
    tempo: float


@dataclass(frozen=True, slots=True)
class ServedProfile:
    """Which configuration gave an answer."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Times:
    """How long the stages took; ``total_s`` is from the last byte to the answer."""

    decode_s: float
    fingerprint_s: float
    lookup_s: float
    align_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """Which song a recording comes from, or that it is none of them (not ``matched``).

    ``candidates`` begin with the likeliest. ``appearances`` are there after a scan alone. From
    ``start_s`` on the song is heard in the recording, and is at ``song_offset_s`` then. While the
    service cannot reach its database, ``as_of`` is the time since when songs learned or removed
    elsewhere may not count.
    """

    matched: bool
    song_id: int | None
    song_name: str | None
    matches: int
    confidence: float
    offset_s: float | None
    start_s: float | None
    end_s: float | None
    song_offset_s: float | None
    pitch: float | None
    tempo: float | None
    candidates: tuple[Candidate, ...]
    appearances: tuple[Appearance, ...] | None
    query_s: float | None
    hashes: int | None
    warning: str | None
    profile: ServedProfile
    times: Times
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile(ServedProfile):
    """All of the configuration that is served, and how it was measured (``provenance``)."""

    description: str
    fingerprint: Mapping[str, Any]
    query: Mapping[str, Any]
    decision: Mapping[str, Any]
    provenance: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ModelCard(ServedProfile):
    """What the confidence of answers rests on, and how the profile was measured."""

    description: str
    threshold: float
    calibration: str | None
    provenance: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Health:
    """What the last check of the index found; ``notes`` are no problems."""

    ok: bool
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Stats:
    """The size of the index, its profile, and its health once it was checked."""

    songs: int
    postings: int
    duration_s: float
    file_bytes: int
    unused_bytes: int
    lookup_bytes: int | None
    profile: ModelCard
    health: Health | None
