"""audfprint itself, as its own command uses it and as it is used here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora.synthesis.instruments import RATE_HZ as SONG_RATE_HZ
from experiments.errors import RunError
from experiments.studies.peers import audfprint
from experiments.studies.peers.audfprint import AudfprintSpec
from experiments.studies.peers.contract import INDEX
from fpcore import atomic
from tests import songs, warm

pytest.importorskip("audfprint2", reason="audfprint is not installed: install the extra 'peers'")

SPEC = AudfprintSpec(50, 6)
RATE_HZ = 11_025
CLIP_START_S = 7.3

COMMAND = """
import sys
from audfprint2.utils import audio
audio.HAVE_FFMPEG = False  # it then reads WAV files by itself
from audfprint2.cli import main
main(sys.argv[1:])
"""


def command(*arguments: object) -> str:
    """Run audfprint's own command and return what it tells."""
    done = subprocess.run(
        [warm.python(), "-c", COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three songs as 16-bit WAV files at audfprint's rate."""
    folder = tmp_path_factory.mktemp("songs")
    paths = []
    for number, file in enumerate(songs.files(tmp_path_factory, 3)):
        samples, _ = soundfile.read(file, dtype="int16")
        song = samples.mean(axis=1)[:: SONG_RATE_HZ // RATE_HZ]
        path = folder / f"song-{number}.wav"
        soundfile.write(path, song.astype(np.int16), RATE_HZ, subtype="PCM_16")
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def clip(files: list[Path]) -> Path:
    """Eight seconds of the second song in noise."""
    samples, _ = soundfile.read(files[1])
    start = round(CLIP_START_S * RATE_HZ)
    part = samples[start : start + 8 * RATE_HZ]
    noise = np.random.default_rng(0).normal(size=len(part)) * part.std() / 2
    path = files[0].parent / "clip.wav"
    soundfile.write(path, (part + noise) / 2, RATE_HZ, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def learned(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a table that was filled and saved."""
    folder = tmp_path_factory.mktemp("learned")
    system = SPEC.open(folder)
    for path in files:
        system.learn(str(path), system.decode(path))
    assert system.save() == int(system._table.counts.sum())
    return folder


def test_generated_songs_are_at_a_multiple_of_its_rate() -> None:
    assert SONG_RATE_HZ % RATE_HZ == 0


def test_the_table_is_the_one_that_its_own_command_makes(
    files: list[Path], learned: Path, tmp_path: Path
) -> None:
    from audfprint2.core.hash_table import HashTable

    table = tmp_path / "own.pklz"
    command("new", *files, "--dbase", table, "--density", 50, "--fanout", 6)
    own, ours = HashTable(str(table)), HashTable(str(learned / INDEX / "table.pklz"))
    assert ours.names == own.names
    assert own.counts.sum() > 3_000
    np.testing.assert_array_equal(ours.counts, own.counts)
    np.testing.assert_array_equal(ours.table, own.table)


def test_the_answer_is_that_of_its_own_command(
    files: list[Path], clip: Path, learned: Path
) -> None:
    answer = SPEC.open(learned).ask(clip)
    assert answer.song == str(files[1])
    assert answer.accepted
    # Frames are 23 ms apart.
    assert answer.offset_s == pytest.approx(CLIP_START_S, abs=0.03)
    table = learned / INDEX / "table.pklz"
    given = ("--density", 50, "--fanout", 6, "--verbose")
    told = command("match", clip, "--dbase", table, *given)
    found = re.search(r"as (\S+) at +(-?[\d.]+) s with +(\d+) of", told)
    assert found, told
    assert found[1] == answer.song
    assert float(found[2]) == pytest.approx(answer.offset_s, abs=0.06)
    assert int(found[3]) == answer.score


def test_noise_and_silence_get_no_name(learned: Path, tmp_path: Path) -> None:
    system = SPEC.open(learned)
    noise = 0.1 * np.random.default_rng(1).normal(size=8 * RATE_HZ)
    for samples in (noise, np.zeros(8 * RATE_HZ)):
        soundfile.write(tmp_path / "clip.wav", samples, RATE_HZ)
        answer = system.ask(tmp_path / "clip.wav")
        assert (answer.song, answer.score, answer.accepted) == ("", 0.0, False)


def test_what_was_learned_before_a_crash_is_in_the_table_afterwards(
    files: list[Path], learned: Path, tmp_path: Path
) -> None:
    from audfprint2.core.hash_table import HashTable

    system = SPEC.open(tmp_path)
    for path in files[:2]:
        system.learn(str(path), system.decode(path))
    del system  # without saving
    atomic.part_of(tmp_path / "songs" / "000003.npz").write_bytes(b"half a file")
    again = SPEC.open(tmp_path)
    assert again.songs() == {str(path) for path in files[:2]}
    again.learn(str(files[2]), again.decode(files[2]))
    again.save()
    restored, whole = (
        HashTable(str(folder / INDEX / "table.pklz")) for folder in (tmp_path, learned)
    )
    np.testing.assert_array_equal(restored.table, whole.table)


def test_without_the_package_a_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audfprint, "PACKAGE", "no_such_package")
    with pytest.raises(RunError, match=r"audfprint is not installed: .*\[peers\]"):
        SPEC.check()
