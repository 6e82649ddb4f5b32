"""Bodies of answers: what clients are told of songs and recognitions, and examples of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import BaseModel

from api.schemas import bodies
from fpcore.profiles import load_profile
from fpcore.records import Appearance, Cut, Match, Playback, Recognition, Scanned, StageTimes
from fpcore.store import Added, Song
from tests.api.schemas.documented import assert_exemplified

PROFILE = load_profile("balanced")
TIMES = StageTimes(decode_s=0.1, fingerprint_s=0.2, lookup_s=0.3, align_s=0.4)


@pytest.mark.parametrize(
    "model",
    [
        bodies.ErrorBody,
        bodies.SongBody,
        bodies.LearnedBody,
        bodies.SongsBody,
        bodies.RemovedBody,
        bodies.RecognitionBody,
        bodies.StatsBody,
        bodies.StatusBody,
        bodies.ProfileBody,
    ],
)
def test_documentation_has_an_example_that_is_what_it_exemplifies(
    model: type[BaseModel], client: httpx.Client
) -> None:
    assert_exemplified(model, client)


@pytest.mark.parametrize("kept", [{}, {"source": "/srv/kept/aa.wav"}], ids=["not kept", "kept"])
def test_of_kept_audio_clients_learn_that_it_is_there_and_not_where(kept: dict[str, str]) -> None:
    learned_at = datetime(2026, 5, 1, tzinfo=UTC)
    song = Song(7, "A song", 64 * "a", 8.0, 100, learned_at, {"album": "B", **kept})
    body = bodies.SongBody.of(song)
    assert body.metadata == {"album": "B"}
    assert body.audio_kept is bool(kept)
    assert "/srv" not in body.model_dump_json()


def test_a_learned_song_is_told_with_what_is_odd_about_its_file() -> None:
    whole = Song(7, "A song", 64 * "a", 8.0, 100, datetime(2026, 5, 1, tzinfo=UTC), {})
    cut = replace(whole, complete=False, stated_s=12.0)
    body = bodies.LearnedBody.of_added(Added(cut, created=True))
    assert (body.complete, body.duration_s, body.stated_s) == (False, 8.0, 12.0)
    assert body.warning == "decoded 8.0 of 12.0 s: the recording is cut off"
    for song, known_by, warning in (
        (whole, None, None),
        (whole, "file", None),
        (cut, "file", None),
        (whole, "audio", 'already there as "A song" (id 7): same audio'),
        (cut, "audio", 'already there as "A song" (id 7): same audio'),
    ):
        added = Added(song, created=known_by is None, known_by=known_by)  # type: ignore[arg-type]
        body = bodies.LearnedBody.of_added(added)
        assert (body.created, body.known_by, body.warning) == (known_by is None, known_by, warning)


def _recognised(*candidates: Match) -> bodies.RecognitionBody:
    best = candidates[0] if candidates and candidates[0].accepted else None
    found = Recognition(best, candidates, query_s=5.0, n_hashes=1000, times=TIMES)
    return bodies.RecognitionBody.of_recognition(found, top=2, profile=PROFILE, total_s=1.5)


def test_an_accepted_song_is_the_answer_and_the_first_of_the_candidates_asked_for() -> None:
    best = Match(3, "Right", 61.5, 412, 0.9, 0.9, Playback(pitch=1.0, tempo=1.03))
    others = [Match(number, "Wrong", 0.0, 9, 0.1, 0.0) for number in (4, 5)]
    body = _recognised(best, *others)
    assert (body.matched, body.song_id, body.song_name) == (True, 3, "Right")
    assert (body.offset_s, body.matches, body.confidence) == (61.5, 412, 0.9)
    assert (body.pitch, body.tempo) == (1.0, 1.03)
    assert [one.song_id for one in body.candidates] == [3, 4]
    assert body.times == bodies.TimesBody(
        decode_s=0.1, fingerprint_s=0.2, lookup_s=0.3, align_s=0.4, total_s=1.5
    )


def test_of_a_window_the_answer_says_where_it_is_in_the_recording_and_in_the_song() -> None:
    best = Match(3, "Right", -11.0, 412, 0.9, 0.9)
    found = Recognition(best, (best,), 40.0, 1000, TIMES, heard_s=(5.0, 15.0))
    body = bodies.RecognitionBody.of_recognition(found, top=1, profile=PROFILE, total_s=1.5)
    assert (body.start_s, body.end_s, body.song_offset_s) == (11.0, 15.0, 0.0)


def test_a_candidate_that_is_not_accepted_is_no_answer() -> None:
    body = _recognised(Match(3, "Perhaps", 61.5, 20, 0.3, 0.0))
    assert (body.matched, body.song_id, body.offset_s, body.matches) == (False, None, None, 0)
    assert (body.start_s, body.end_s, body.song_offset_s) == (None, None, None)
    assert [(one.probability, one.confidence) for one in body.candidates] == [(0.3, 0.0)]


def test_the_answer_of_a_scan_is_the_surest_song_of_all_that_were_heard() -> None:
    heard = [
        Appearance(1, "First", 0.0, 60.0, 5.0, 300, 0.8),
        Appearance(2, "Second", 60.0, 90.0, 12.5, 200, 0.95, Playback(pitch=1.02, tempo=1.02)),
        Appearance(3, "Third", 90.0, 99.0, 0.0, 50, 0.6),
    ]
    body = bodies.RecognitionBody.of_scan(Scanned(heard), profile=PROFILE, total_s=2.0)
    assert (body.matched, body.song_id, body.offset_s) == (True, 2, 12.5)
    assert (body.start_s, body.end_s, body.song_offset_s) == (60.0, 90.0, 12.5)
    assert (body.matches, body.confidence, body.pitch) == (200, 0.95, 1.02)
    assert body.appearances is not None
    assert [(one.song_id, one.start_s, one.end_s) for one in body.appearances] == [
        (1, 0.0, 60.0),
        (2, 60.0, 90.0),
        (3, 90.0, 99.0),
    ]
    assert (body.candidates, body.times.total_s) == ([], 2.0)


def test_a_scan_that_hears_nothing_is_no_match() -> None:
    body = bodies.RecognitionBody.of_scan(Scanned([]), profile=PROFILE, total_s=2.0)
    assert (body.matched, body.song_id, body.appearances) == (False, None, [])
    assert body.warning is None


def test_of_a_recording_that_was_cut_off_the_answer_says_how_much_was_heard() -> None:
    told = "decoded 8.0 of 12.0 s: the recording is cut off"
    body = bodies.RecognitionBody.of_scan(Scanned([], Cut(8.0, 12.0)), profile=PROFILE, total_s=2.0)
    assert body.warning == told
    found = Recognition(None, (), query_s=8.0, n_hashes=0, times=TIMES, cut=Cut(8.0, None))
    body = bodies.RecognitionBody.of_recognition(found, top=1, profile=PROFILE, total_s=2.0)
    assert body.warning == told.replace(" of 12.0", "")
