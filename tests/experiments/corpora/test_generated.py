"""Generated songs are the same everywhere, sound like music, and differ from one another."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from rich.console import Console

from experiments.corpora import Corpus, corpus, generated
from experiments.corpora.synthesis.instruments import RATE_HZ
from experiments.errors import CorpusError
from fpcore import atomic, audio, pipeline
from fpcore.config import (
    BoxWhitening,
    FingerprintConfig,
    PairsConfig,
    PeaksConfig,
    PhysicalNeighbourhood,
    QueryConfig,
    SpectrogramConfig,
)
from tests import warm

QUIET = Console(quiet=True)


N_SONGS = 6


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def songs(cache: Path) -> Corpus:
    """Return a corpus of six songs, made once for this module."""
    return corpus(f"generated:{N_SONGS}", cache_dir=cache, console=QUIET)


@pytest.fixture
def one_song(songs: Corpus, tmp_path: Path) -> Corpus:
    """Return a corpus of one song, in the folder of a test of its own."""
    root = tmp_path / songs.root.name
    root.mkdir()
    shutil.copy2(songs.path_of(songs.tracks[0]), root)
    return corpus("generated:1", cache_dir=tmp_path, console=QUIET)


class TestSong:
    def test_it_has_the_same_samples_on_every_machine(self) -> None:
        # One unit of 16 bits: mathematical functions may differ in the last digit by machine.
        np.testing.assert_allclose(generated.song(0)[::150_000, 0], GOLDEN, atol=1)

    def test_the_file_holds_exactly_its_samples(self, songs: Corpus) -> None:
        samples, rate_hz = soundfile.read(songs.path_of(songs.tracks[1]), dtype="int16")
        assert rate_hz == RATE_HZ
        assert np.array_equal(samples, generated.song(1))

    def test_it_is_loud_but_never_clipped(self, songs: Corpus) -> None:
        for track in songs.tracks:
            samples = soundfile.read(songs.path_of(track))[0]
            assert 0.85 < np.max(np.abs(samples)) <= 0.9001
            assert -25 < 10 * np.log10(np.mean(samples**2)) < -8

    def test_it_never_falls_silent_before_its_end(self, songs: Corpus) -> None:
        for track in songs.tracks:
            samples = audio.load(songs.path_of(track), sample_rate_hz=22050).samples
            seconds = samples[: len(samples) // 22050 * 22050].reshape(-1, 22050)
            assert np.all(np.std(seconds[:-2], axis=1) > 1e-3)

    def test_every_fourth_is_mono_and_the_others_are_stereo(self, songs: Corpus) -> None:
        channels = [soundfile.info(songs.path_of(track)).channels for track in songs.tracks]
        assert channels == [2, 2, 2, 1, 2, 2]
        left, right = soundfile.read(songs.path_of(songs.tracks[0]))[0].T
        assert 0.3 < np.corrcoef(left, right)[0, 1] < 0.999


class TestDistinctness:
    CONFIG = FingerprintConfig(
        spectrogram=SpectrogramConfig(min_hz=200.0, max_hz=3500.0),
        whitening=BoxWhitening(),
        peaks=PeaksConfig(neighbourhood=PhysicalNeighbourhood(), max_peaks_per_s=10.0),
        pairs=PairsConfig(fan_out=5, max_delta_s=2.0, max_delta_hz=1400.0),
    )

    def test_an_excerpt_agrees_with_its_own_song_far_better_than_with_others(
        self, songs: Corpus
    ) -> None:
        indexed = [
            pipeline.fingerprint(
                audio.decode_blocks(songs.path_of(track), sample_rate_hz=22050), self.CONFIG
            ).hashes
            for track in songs.tracks
        ]
        for number, track in enumerate(songs.tracks):
            excerpt = audio.load(
                songs.path_of(track), sample_rate_hz=22050, start_s=12.345, duration_s=6.0
            )
            query = pipeline.query(excerpt, self.CONFIG, QueryConfig(n_shifts=2)).hashes
            votes = []
            for hashes in indexed:
                rows, columns = np.nonzero(query.token[:, None] == hashes.token[None, :])
                offsets = hashes.frame[columns] - query.tick[rows] // query.ticks_per_frame
                votes.append(int(np.max(np.unique(offsets, return_counts=True)[1], initial=0)))
            assert np.argmax(votes) == number
            assert votes[number] > 4 * sorted(votes)[-2]


class TestCorpus:
    def test_a_longer_corpus_begins_with_a_shorter_one(self, cache: Path, songs: Corpus) -> None:
        assert corpus("generated:2", cache_dir=cache, console=QUIET).tracks == songs.tracks[:2]

    def test_songs_are_works_of_their_own_with_true_durations(self, songs: Corpus) -> None:
        assert len({track.work for track in songs.tracks}) == N_SONGS
        for track in songs.tracks:
            assert track.duration_s == pytest.approx(
                soundfile.info(songs.path_of(track)).duration, abs=1e-3
            )

    def test_making_it_again_gives_the_same_bytes(self, tmp_path: Path, cache: Path) -> None:
        first, again = (
            corpus("generated:1", cache_dir=folder, console=QUIET).root
            for folder in (cache, tmp_path)
        )
        for name in ("manifest-1.json", "song-0000.flac"):
            assert (first / name).read_bytes() == (again / name).read_bytes()

    def test_reopening_reads_no_audio(
        self, cache: Path, songs: Corpus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audio, "decode_blocks", None)
        monkeypatch.setattr(audio, "checksum", None)
        again = corpus(f"generated:{N_SONGS}", cache_dir=cache, console=QUIET)
        assert again == songs
        assert again.checksum == songs.checksum

    def test_a_file_that_was_only_touched_is_still_good(
        self, one_song: Corpus, tmp_path: Path
    ) -> None:
        os.utime(one_song.path_of(one_song.tracks[0]), (1, 1))
        assert corpus("generated:1", cache_dir=tmp_path, console=QUIET) == one_song

    @pytest.mark.parametrize("damage", ["other audio", "no audio", "gone"])
    def test_a_changed_file_is_reported_with_the_remedy(
        self, one_song: Corpus, tmp_path: Path, damage: str
    ) -> None:
        song = one_song.path_of(one_song.tracks[0])
        if damage == "other audio":
            soundfile.write(song, np.sin(np.arange(50_000) / 9), RATE_HZ)
        elif damage == "no audio":
            song.write_bytes(song.read_bytes()[:1000])
        else:
            song.unlink()
        with pytest.raises(CorpusError, match=r"song-0000\.flac is missing or differs .* remove"):
            corpus("generated:1", cache_dir=tmp_path, console=QUIET)

    @pytest.mark.parametrize("count", ["0", "-3", "many", "10001", "2.5", "²"])
    def test_an_impossible_number_is_refused(self, tmp_path: Path, count: str) -> None:
        with pytest.raises(CorpusError, match=r"needs a number from 1 to 10000, got"):
            corpus(f"generated:{count}", cache_dir=tmp_path, console=QUIET)


class TestKilled:
    SCRIPT = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from experiments.corpora import corpus
from fpcore import atomic

write_bytes, calls = atomic.write_bytes, []

def kill_in_the_third(path, content):
    calls.append(path)
    if len(calls) == 3:
        with atomic.opened(path) as stream:
            stream.write(content[:50_000])
            stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    write_bytes(path, content)

atomic.write_bytes = kill_in_the_third
corpus("generated:4", cache_dir=Path(sys.argv[1]), console=Console(quiet=True))
"""

    def test_a_killed_preparation_goes_on_and_takes_no_part_for_a_whole(
        self, tmp_path: Path, songs: Corpus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        killed = subprocess.run([warm.python(), "-c", self.SCRIPT, tmp_path], check=False)
        assert killed.returncode == -signal.SIGKILL
        root = next(tmp_path.iterdir())
        assert len(list(root.iterdir())) == 3
        assert len(atomic.parts_in(root)) == 1
        assert sorted(path.name for path in root.glob("*.flac")) == [
            "song-0000.flac",
            "song-0001.flac",
        ]
        assert not list(root.glob("manifest*"))
        made: list[int] = []
        song = generated.song

        def note(index: int) -> NDArray[np.int16]:
            made.append(index)
            return song(index)

        monkeypatch.setattr(generated, "song", note)
        assert corpus("generated:4", cache_dir=tmp_path, console=QUIET).tracks == songs.tracks[:4]
        assert made == [2, 3]


GOLDEN = [0, -1277, -2351, 7677, 4870, -1773, 317, 5093, 12380, 6545, 2240, 981, 7078, -4488, 0]
"""Every 150,000th sample of the left channel of song 0, as version 1 makes it."""
