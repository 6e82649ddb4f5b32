"""Jobs of the decoding processes: what they answer, and what each may take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from api.decoding.jobs import Bounds, Extract, Hear, Scan, Task, Trace
from api.schemas.explanation import ExplanationBody
from fpcore import pipeline
from fpcore.audio import AudioLimits, load
from fpcore.errors import AudioError
from fpcore.store import NewSong, open_store
from tests import audio_files
from tests.api.material import assert_refused, learn, recognize, samples, song, wav
from tests.api.server import Server, memory_of, small_index_profile

LONGEST_S = 3.0


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """Work on an index of songs 1 and 2, of recordings of which three seconds are heard."""
    folder = tmp_path_factory.mktemp("jobs")
    profile = small_index_profile()
    query = profile.query.model_copy(update={"max_query_s": LONGEST_S})
    profile = profile.model_copy(update={"query": query})
    bounds = Bounds(memory_bytes=10**9, cpu_s=60, wall_s=60.0)
    found = Task(profile, AudioLimits(), folder / "index.db", bounds)
    with open_store(found.database, profile.fingerprint, create=True) as store:
        for seed in (1, 2):
            (folder / "song.wav").write_bytes(song(seed))
            made = Extract(folder / "song.wav", "song.wav").run(found).fingerprint
            new = NewSong(f"Song {seed}", f"checksum {seed}", made.duration_s)
            store.add_song(new, made.hashes, made.constellation)
    return found


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A recording of both songs, one after the other."""
    path = tmp_path / "both.wav"
    path.write_bytes(wav(np.concatenate([samples(1), samples(2)])))
    return path


def test_of_a_long_recording_only_the_first_seconds_are_heard(task: Task, both: Path) -> None:
    heard = Hear(both, "both.wav").run(task)
    profile = task.profile
    rate_hz = profile.fingerprint.sample_rate_hz
    start = load(both, sample_rate_hz=rate_hz, duration_s=LONGEST_S)
    expected = pipeline.query(start, profile.fingerprint, profile.query)
    assert heard.windows[0].hashes.token.tolist() == expected.hashes.token.tolist()
    assert heard.windows[0].duration_s == pytest.approx(LONGEST_S, abs=0.01)
    assert heard.decode_s > 0
    assert heard.fingerprint_s > 0


def test_a_scan_hears_all_of_a_long_recording(task: Task, both: Path) -> None:
    scanned = Scan(both, "both.wav").run(task)
    assert [one.song_name for one in scanned.appearances] == ["Song 1", "Song 2"]
    assert scanned.cut is None


def test_an_explanation_is_of_the_same_seconds_and_names_the_song(task: Task, both: Path) -> None:
    told = ExplanationBody.model_validate_json(Trace(both, "both.wav").run(task))
    assert told.query_s == pytest.approx(LONGEST_S, abs=0.01)
    assert told.candidates[0].song_name == "Song 1"
    assert told.spectrogram is not None
    assert told.spectrogram.n_frames * told.spectrogram.hop_s == pytest.approx(LONGEST_S, abs=0.5)


def test_a_file_is_called_by_the_clients_name_and_not_by_its_path(
    task: Task, tmp_path: Path
) -> None:
    (tmp_path / "audio").write_bytes(wav(0 * samples(1)))
    with pytest.raises(AudioError, match=r"^quiet\.wav: .*silent"):
        Extract(tmp_path / "audio", "quiet.wav").run(task)


def test_of_a_song_that_is_cut_off_there_is_a_fingerprint_unless_it_must_be_whole(
    task: Task, tmp_path: Path
) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(song(1)[: len(song(1)) // 2])
    found = Extract(path, "cut.wav").run(task).fingerprint
    assert found.cut is not None
    assert found.cut.decoded_s == pytest.approx(found.duration_s, abs=0.01)
    with pytest.raises(AudioError, match=r"^cut\.wav: is cut off"):
        Extract(path, "cut.wav", strict=True).run(task)


def test_a_song_may_not_last_longer_than_the_limit(task: Task, both: Path) -> None:
    short = replace(task, limits=AudioLimits(max_duration_s=5.0))
    with pytest.raises(AudioError, match=r"^both\.wav: .*longer than 5 s"):
        Extract(both, "both.wav").run(short)
    assert len(Hear(both, "both.wav").run(short).windows[0].hashes) > 0


def test_a_small_file_that_decodes_to_hours_is_stopped(strict_server: Server) -> None:
    bomb = audio_files.silent_flac(3 * 3600)
    assert len(bomb) < 100_000
    with strict_server.client() as client:
        before = memory_of(strict_server)
        message = assert_refused(
            learn(client, bomb, "bomb", filename="bomb.flac"), 422, "audio_unusable"
        )
        assert "longer than 1.5 min" in message
        scanned = recognize(client, bomb, filename="bomb.flac", scan="1")
        assert scanned.json()["appearances"] == []
        assert "longer than the limit" in scanned.json()["warning"]
        # Recognition looks at the first minute alone, and waits no longer for sound than it may.
        assert recognize(client, bomb, filename="bomb.flac").json()["matched"] is False
        assert memory_of(strict_server) - before < 2**25
