"""A database that the command itself has learned, shared by the tests of one process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fpcore.cli.material import STRANGER, Music, noisy, piece, write_short_songs, write_wav
from tests.fpcore.cli.running import fpcore_process, lines_of_json

EXCERPT_S = 6.0
OFFSET_S = 7.3


@dataclass(frozen=True, slots=True)
class Learned:
    """Music, the run of ``fpcore learn`` over its folder, and the database that it made."""

    music: Music
    run: subprocess.CompletedProcess[str]
    database: Path

    @property
    def ids(self) -> dict[str, int]:
        """Song ids by name."""
        *lines, _ = lines_of_json(self.run.stdout)
        return {line["song"]["name"]: line["song"]["id"] for line in lines}


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    folder = tmp_path_factory.mktemp("learned")
    music = Music.make(folder / "music")
    run = fpcore_process("learn", music.folder, "--json", "--db", "all.db", cwd=folder)
    assert run.returncode == 0, run.stderr
    return Learned(music, run, folder / "all.db")


@pytest.fixture
def database(learned: Learned, tmp_path: Path) -> Path:
    """A copy of the database, named as the command looks for it in ``tmp_path``."""
    return Path(shutil.copy(learned.database, tmp_path / "music_recognition.db"))


@pytest.fixture(scope="session")
def one_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short song that is not in the database."""
    return write_wav(tmp_path_factory.mktemp("one") / "a song.wav", piece(20, duration_s=8.0))


@pytest.fixture(scope="session")
def noisy_excerpts(tmp_path_factory: pytest.TempPathFactory, learned: Learned) -> dict[str, Path]:
    """Name of each song -> a file with a noisy excerpt of it."""
    excerpts, folder = {}, tmp_path_factory.mktemp("excerpts")
    for name, index in learned.music.indices.items():
        samples = piece(index, start_s=OFFSET_S, duration_s=EXCERPT_S)
        path = folder / f"excerpt of {name}.wav"
        excerpts[name] = write_wav(path, noisy(samples, snr_db=6.0, seed=index))
    return excerpts


@pytest.fixture(scope="session")
def excerpt(noisy_excerpts: dict[str, Path]) -> Path:
    return noisy_excerpts["song in flac"]


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a song that was not learned."""
    samples = piece(STRANGER, start_s=5, duration_s=EXCERPT_S)
    return write_wav(tmp_path_factory.mktemp("stranger") / "stranger.wav", samples)


@pytest.fixture(scope="session")
def many_songs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder of short songs, enough for several transactions, and their number."""
    folder = tmp_path_factory.mktemp("many") / "music"
    return folder, write_short_songs(folder, range(8), duration_s=3.0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with 1 MB of room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if not sys.platform.startswith("linux") or subprocess.run(command, check=False).returncode:
        pytest.skip("mounting a disk needs Linux and root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)
