"""Bodies of the service's answers, as models that its documentation shows.

Times and durations are in seconds (``_s``), sizes in bytes (``_bytes``); probabilities and
confidences lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fpcore.config import Decision, FingerprintConfig, Profile, QueryConfig
from fpcore.records import Appearance, Cut, Match, Recognition, Remixed, Scanned
from fpcore.store import Added, Song
from fpcore.store.derived_names import MARK

SOURCE_KEY = "source"
"""Metadata under which a song's file is recorded for re-indexing; never shown to clients, but for
the name of its folder where songs that share a name are told apart by it."""

OWN_KEYS = frozenset({SOURCE_KEY, MARK})
"""Metadata that are the server's own, and not shown."""


def example(**content: Any) -> ConfigDict:
    """Return the configuration of a model that documents itself by an example."""
    return ConfigDict(json_schema_extra={"example": content})


_SONG: dict[str, Any] = {
    "song_id": 7,
    "song_name": "Knalgan Theme",
    "duration_s": 183.4,
    "fingerprints": 8790,
    "checksum": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "learned_at": "2026-05-01T12:00:00Z",
    "metadata": {"album": "Wesnoth"},
    "audio_kept": False,
    "complete": True,
    "stated_s": None,
}


class ErrorBody(BaseModel):
    """Why a request was not fulfilled."""

    code: str = Field(description="A stable word for programs")
    message: str = Field(description="One sentence for people")
    request_id: str = Field(description="Names the request in the server's log")

    model_config = example(
        code="audio_unusable",
        message="noise.wav: holds no audio samples",
        request_id="5f2b8c0e9d1a4f7b",
    )


class ServedProfile(BaseModel):
    """Which configuration gave an answer."""

    name: str
    digest: str = Field(description="SHA-256 of everything that changes a hash")

    @classmethod
    def of(cls, profile: Profile) -> ServedProfile:
        """Return the name and the digest of a profile."""
        return cls(name=profile.name, digest=profile.fingerprint.digest)


class SongBody(BaseModel):
    """A song of the index."""

    song_id: int
    song_name: str = Field(
        description="As it was sent, or as its tags or its file call it; where songs share a name, "
        "with what tells them apart"
    )
    duration_s: float
    fingerprints: int
    checksum: str = Field(description="SHA-256 of the learned file")
    learned_at: datetime
    metadata: Mapping[str, Any]
    audio_kept: bool = Field(description="Whether the server can re-index it")
    complete: bool = Field(
        description="False for a recording that was cut off: duration_s is what there was of it"
    )
    stated_s: float | None = Field(description="The length that such a recording states, if any")

    model_config = example(**_SONG)

    @classmethod
    def of(cls, song: Song, title: str | None = None) -> SongBody:
        """Return a song of the store as clients see it, under its ``title`` if it has one."""
        shown = {key: value for key, value in song.metadata.items() if key not in OWN_KEYS}
        return cls(
            song_id=song.id,
            song_name=title or song.name,
            duration_s=song.duration_s,
            fingerprints=song.n_fingerprints,
            checksum=song.checksum,
            learned_at=song.learned_at,
            metadata=shown,
            audio_kept=SOURCE_KEY in song.metadata,
            complete=song.complete,
            stated_s=song.stated_s,
        )


class LearnedBody(SongBody):
    """A learned song, and whether this request was what learned it."""

    created: bool
    known_by: Literal["file", "audio", "whole"] | None = Field(
        description="Why it was not learned: the same file, other bytes with the same audio, or a "
        "part of a song that is there whole"
    )
    replaced: list[int] = Field(
        description="Ids that incomplete songs had whose place it took; its own may be one of them"
    )
    warning: str | None = Field(
        description="For people: that the recording is cut off, that channels of it were reversed "
        "or left out, that its audio is there already, or that it took the place of another song"
    )

    model_config = example(**_SONG, created=True, known_by=None, replaced=[], warning=None)

    @classmethod
    def of_added(
        cls, added: Added, remixed: Remixed | None = None, *, title: str | None = None
    ) -> LearnedBody:
        """Return what became of a file that was sent to be learned.

        Parameters
        ----------
        added : Added
            The song, new or known.
        remixed : Remixed, optional
            How its channels were mixed, when not by their average.
        title : str, optional
            What answers call the song, when not by its name alone.

        Returns
        -------
        LearnedBody
            The song, and in ``warning`` whatever is odd about its recording.
        """
        cut = added.song.cut if added.created else None
        return cls(
            **SongBody.of(added.song, title).model_dump(),
            created=added.created,
            known_by=added.known_by,
            replaced=[part.id for part in added.replaced],
            warning=warning_of(added.remark, cut, remixed),
        )


class SongsBody(BaseModel):
    """A page of the songs, in the order that was asked for."""

    songs: list[SongBody]
    total: int = Field(description="Songs on all pages")
    limit: int
    offset: int

    model_config = example(songs=[_SONG], total=213, limit=1, offset=0)


class RemovedBody(BaseModel):
    """How many songs were removed."""

    removed: int

    model_config = example(removed=213)


class CandidateBody(BaseModel):
    """A song that a recording may come from."""

    song_id: int
    song_name: str
    offset_s: float = Field(description="Where in the song the recording begins")
    matches: int = Field(description="Hashes of the recording found at that offset")
    probability: float = Field(
        description="That this is the song, by the profile's model of the evidence"
    )
    confidence: float = Field(description="The probability, but 0 below the profile's threshold")
    pitch: float = Field(description="Frequencies heard over frequencies learned")
    tempo: float = Field(description="Tempo heard over tempo learned; with pitch alike, a speed")

    @classmethod
    def of(cls, match: Match) -> CandidateBody:
        """Return a match as clients see it."""
        return cls(
            song_id=match.song_id,
            song_name=match.song_name,
            offset_s=match.offset_s,
            matches=match.votes,
            probability=match.probability,
            confidence=match.confidence,
            pitch=match.playback.pitch,
            tempo=match.playback.tempo,
        )


class AppearanceBody(BaseModel):
    """A song heard in a long recording."""

    song_id: int
    song_name: str
    start_s: float = Field(description="Where in the recording it begins")
    end_s: float
    song_offset_s: float = Field(description="Where in the song it is then")
    matches: int
    confidence: float
    pitch: float
    tempo: float

    @classmethod
    def of(cls, heard: Appearance) -> AppearanceBody:
        """Return an appearance as clients see it."""
        return cls(
            song_id=heard.song_id,
            song_name=heard.song_name,
            start_s=heard.start_s,
            end_s=heard.end_s,
            song_offset_s=heard.song_offset_s,
            matches=heard.votes,
            confidence=heard.confidence,
            pitch=heard.playback.pitch,
            tempo=heard.playback.tempo,
        )


class TimesBody(BaseModel):
    """Seconds that the stages took; ``total_s`` is from the last byte to the answer."""

    decode_s: float
    fingerprint_s: float
    lookup_s: float
    align_s: float
    total_s: float


def warning_of(*notes: Cut | Remixed | str | None) -> str | None:
    """Return the notes on a recording as one text, None when there is none."""
    return "; ".join(str(note) for note in notes if note is not None) or None


def _lag(as_of: datetime | None) -> str | None:
    """Return what to say of an index that may lack something since a time."""
    if as_of is None:
        return None
    return (
        f"songs that were learned or removed elsewhere since {as_of:%Y-%m-%d %H:%M:%S} UTC may not "
        "count: the database cannot be reached"
    )


class RecognitionBody(BaseModel):
    """Which song a recording comes from, or that it is none of them.

    After a scan ``appearances`` has every song that was heard; the answer is the one with the
    highest confidence, and of the times only ``total_s`` is measured.
    """

    matched: bool
    song_id: int | None = None
    song_name: str | None = None
    matches: int = 0
    confidence: float = 0.0
    offset_s: float | None = None
    start_s: float | None = Field(
        default=None, description="Where in the recording the song is heard first"
    )
    end_s: float | None = Field(
        default=None,
        description="Where the window that gives the answer ends, or after a scan the song",
    )
    song_offset_s: float | None = Field(
        default=None, description="Where in the song it is at start_s"
    )
    pitch: float | None = Field(default=None, description="As in the candidates")
    tempo: float | None = None
    candidates: list[CandidateBody] = Field(default=[], description="Likeliest first")
    appearances: list[AppearanceBody] | None = Field(default=None, description="After a scan")
    query_s: float | None = Field(default=None, description="Seconds of the recording used")
    hashes: int | None = None
    warning: str | None = Field(
        default=None,
        description="For people: why only a part of the recording could be heard, or which "
        "channels were reversed or left out, or that `as_of` is not null",
    )
    as_of: datetime | None = Field(
        default=None,
        description="When the database cannot be reached: the time since when songs that were "
        "learned or removed elsewhere may not count",
    )
    profile: ServedProfile
    times: TimesBody

    model_config = example(
        matched=True,
        song_id=7,
        song_name="Knalgan Theme",
        matches=412,
        confidence=0.998,
        offset_s=61.02,
        start_s=0.0,
        end_s=10.0,
        song_offset_s=61.02,
        pitch=1.0,
        tempo=1.0,
        candidates=[],
        appearances=None,
        query_s=10.0,
        hashes=5210,
        warning=None,
        as_of=None,
        profile={"name": "balanced", "digest": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f2"},
        times={
            "decode_s": 0.004,
            "fingerprint_s": 0.012,
            "lookup_s": 0.006,
            "align_s": 0.003,
            "total_s": 0.031,
        },
    )

    @classmethod
    def of_recognition(
        cls,
        found: Recognition,
        *,
        top: int,
        profile: Profile,
        total_s: float,
        as_of: datetime | None = None,
    ) -> RecognitionBody:
        """Return the body for a recognition.

        Parameters
        ----------
        found : Recognition
            The answer and its candidates, likeliest first.
        top : int
            How many candidates are shown, at least 1.
        profile : Profile
            The configuration that gave the answer.
        total_s : float
            Seconds from the last byte of the request to the answer.
        as_of : datetime, optional
            Since when the index may lack something, if it may; see `fpcore.store.Store.as_of`.

        Returns
        -------
        RecognitionBody
            It holds no song when none was accepted.
        """
        times = found.times
        best = found.match
        answer = {} if best is None else CandidateBody.of(best).model_dump(exclude={"probability"})
        if best is not None and found.heard_s is not None:
            start_s, song_offset_s = best.begun(found.heard_s)
            answer |= {
                "start_s": start_s,
                "end_s": found.heard_s[1],
                "song_offset_s": song_offset_s,
            }
        return cls(
            matched=best is not None,
            **answer,
            candidates=[CandidateBody.of(match) for match in found.candidates[:top]],
            query_s=found.query_s,
            hashes=found.n_hashes,
            warning=warning_of(found.cut, found.remixed, _lag(as_of)),
            as_of=as_of,
            profile=ServedProfile.of(profile),
            times=TimesBody(
                decode_s=times.decode_s,
                fingerprint_s=times.fingerprint_s,
                lookup_s=times.lookup_s,
                align_s=times.align_s,
                total_s=total_s,
            ),
        )

    @classmethod
    def of_scan(
        cls,
        scanned: Scanned,
        *,
        profile: Profile,
        total_s: float,
        as_of: datetime | None = None,
    ) -> RecognitionBody:
        """Return the body for a scan; the appearance with the highest confidence is the answer.

        Parameters
        ----------
        scanned : Scanned
            Every song that was heard, in the order of time, and the notes on the recording.
        profile : Profile
            The configuration that gave the answer.
        total_s : float
            Seconds from the last byte of the request to the answer.
        as_of : datetime, optional
            Since when the index may lack something, if it may; see `fpcore.store.Store.as_of`.

        Returns
        -------
        RecognitionBody
            It has no candidates; ``appearances`` is empty when nothing was heard.
        """
        appearances = [AppearanceBody.of(one) for one in scanned.appearances]
        best = max(appearances, key=lambda one: one.confidence, default=None)
        answer: dict[str, Any] = {}
        if best is not None:
            answer = best.model_dump()
            answer["offset_s"] = best.song_offset_s
        return cls(
            matched=best is not None,
            **answer,
            appearances=appearances,
            warning=warning_of(scanned.cut, scanned.remixed, _lag(as_of)),
            as_of=as_of,
            profile=ServedProfile.of(profile),
            times=TimesBody(
                decode_s=0.0, fingerprint_s=0.0, lookup_s=0.0, align_s=0.0, total_s=total_s
            ),
        )


class ProfileBody(ServedProfile):
    """The tuned configuration that is served."""

    description: str
    fingerprint: FingerprintConfig
    query: QueryConfig
    decision: Decision
    provenance: Mapping[str, Any] | None

    model_config = example(
        name="mine",
        digest=FingerprintConfig().digest,
        description="Chosen for my music.",
        fingerprint=FingerprintConfig().model_dump(mode="json"),
        query=QueryConfig().model_dump(mode="json"),
        decision=Decision(
            intercept=-6.8, weights={"log_votes": 1.0, "rank_z": 1.5}, threshold=0.5
        ).model_dump(mode="json"),
        provenance=None,
    )

    @classmethod
    def of(cls, profile: Profile) -> ProfileBody:
        """Return all of a profile, with its digest."""
        return cls(
            name=profile.name,
            digest=profile.fingerprint.digest,
            description=profile.description,
            fingerprint=profile.fingerprint,
            query=profile.query,
            decision=profile.decision,
            provenance=profile.provenance,
        )


class ProvenanceBody(ServedProfile):
    """Model card of the served profile: how it was measured, and what its confidence rests on."""

    description: str
    threshold: float
    calibration: str | None = Field(description="In words; null when never calibrated")
    provenance: Mapping[str, Any] | None

    @classmethod
    def of(cls, profile: Profile) -> ProvenanceBody:
        """Return the model card of a profile, with its name and digest."""
        return cls(
            name=profile.name,
            digest=profile.fingerprint.digest,
            description=profile.description,
            threshold=profile.decision.threshold,
            calibration=profile.decision.calibration,
            provenance=profile.provenance,
        )


class HealthBody(BaseModel):
    """What the last check of the index found."""

    ok: bool
    problems: list[str]
    notes: list[str] = Field(description="What is no problem: songs that are cut off")
    checked_at: datetime


class StatsBody(BaseModel):
    """The size and the health of the index, and the profile it is served under."""

    songs: int
    postings: int
    duration_s: float
    file_bytes: int
    unused_bytes: int
    lookup_bytes: int | None
    profile: ProvenanceBody
    health: HealthBody | None = Field(description="Null until the first check is done")

    model_config = example(
        songs=213,
        postings=1_697_000,
        duration_s=34_864.0,
        file_bytes=33_030_144,
        unused_bytes=0,
        lookup_bytes=26_214_400,
        profile={
            "name": "balanced",
            "digest": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f2",
            "description": "Whitened, capped and asymmetric",
            "threshold": 0.465,
            "calibration": "fitted on 3096 queries of the calibration half of debian-games",
            "provenance": None,
        },
        health={"ok": True, "problems": [], "notes": [], "checked_at": "2026-05-01T12:00:00Z"},
    )


class StatusBody(BaseModel):
    """The word that the service is alive, or ready."""

    status: str

    model_config = example(status="ok")
