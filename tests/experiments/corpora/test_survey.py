"""A survey measures each file once, and goes on where it was when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora.manifest import Skipped, Track
from experiments.corpora.survey import Surveyed, check_unchanged, survey
from experiments.errors import CorpusError
from tests import warm
from tests.experiments.corpora.material import QUIET, RATE_HZ, OpenCorpus, write_tone


def surveyed(root: Path, *paths: str) -> tuple[list[Surveyed], list[Skipped]]:
    return survey(root, paths, ledger=root / "survey.jsonl", console=QUIET, label="looking")


def test_files_are_told_in_the_order_given_and_apart_from_them_what_cannot_be_used(
    music: Path,
) -> None:
    soundfile.write(music / "silent.wav", np.full(RATE_HZ, 0.8e-3), RATE_HZ)
    (music / "text.wav").write_text("no music")
    found, skipped = surveyed(music, "rock/a.wav", "text.wav", "gone.wav", "silent.wav", "b.wav")
    assert [(one.path, one.duration_s) for one in found] == [("rock/a.wav", 1.5), ("b.wav", 1.0)]
    assert [one.n_bytes for one in found] == [(music / one.path).stat().st_size for one in found]
    assert [one.name for one in skipped] == ["text.wav", "gone.wav", "silent.wav"]
    assert [one.reason for one in skipped[1:]] == ["does not exist", "is silent throughout"]


def test_a_file_is_read_again_only_when_its_size_or_time_is_another(
    music: Path, decoded: list[str]
) -> None:
    surveyed(music, "b.wav", "rock/a.wav")
    assert sorted(decoded) == ["a.wav", "b.wav"]
    os.utime(music / "b.wav", (1, 1))
    decoded.clear()
    [again, _], _ = surveyed(music, "b.wav", "rock/a.wav")
    assert (decoded, again.mtime_ns) == (["b.wav"], 10**9)
    decoded.clear()
    surveyed(music, "b.wav", "rock/a.wav")
    assert decoded == []


def test_a_file_that_could_not_be_used_is_tried_again(music: Path) -> None:
    (music / "new.wav").write_text("not yet music")
    assert surveyed(music, "new.wav")[0] == []
    write_tone(music / "new.wav", duration_s=2.0)
    [row], skipped = surveyed(music, "new.wav")
    assert (row.duration_s, skipped) == (2.0, [])


def test_lines_that_were_torn_are_passed_over(music: Path, decoded: list[str]) -> None:
    first = surveyed(music, "b.wav", "rock/a.wav")
    ledger = music / "survey.jsonl"
    lines = ledger.read_text().splitlines()
    assert '"b.wav"' in lines[1]
    ledger.write_text("\n".join([lines[1], '{"path": "to', "[]", lines[2][:-20]]))
    decoded.clear()
    assert surveyed(music, "b.wav", "rock/a.wav") == first
    assert decoded == ["a.wav"]


class TestUnchanged:
    @pytest.fixture
    def tracks(self, music: Path) -> list[Track]:
        found, _ = surveyed(music, "b.wav", "rock/a.wav")
        return [row.as_track(row.path, group="g") for row in found]

    def check(self, music: Path, tracks: list[Track]) -> None:
        ledger = music / "survey.jsonl"
        check_unchanged(music, tracks, ledger=ledger, console=QUIET, remedy="fetch it anew")

    def test_files_with_the_same_content_are_those_of_the_manifest(
        self, music: Path, tracks: list[Track]
    ) -> None:
        os.utime(music / "b.wav", (1, 1))
        self.check(music, tracks)

    def test_a_file_with_other_content_is_named_with_the_remedy(
        self, music: Path, tracks: list[Track]
    ) -> None:
        write_tone(music / "rock" / "a.wav", hz=501, duration_s=1.5)
        with pytest.raises(CorpusError, match=r"rock/a\.wav is missing or .*: fetch it anew$"):
            self.check(music, tracks)

    def test_of_several_the_first_is_named_and_the_others_are_counted(
        self, music: Path, tracks: list[Track]
    ) -> None:
        (music / "rock" / "a.wav").unlink()
        (music / "b.wav").write_text("no music")
        with pytest.raises(CorpusError, match=r"/b\.wav and 1 more is missing"):
            self.check(music, tracks)


class TestKilled:
    SCRIPT = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from experiments.corpora import corpus
from fpcore import audio

checksum, calls = audio.checksum, []

def kill_on_the_seventh(path):
    calls.append(path)
    if len(calls) == 7:
        ledger = next(Path(sys.argv[2]).rglob("survey.jsonl"))
        with ledger.open("a") as stream:
            stream.write('\\n{"path": "torn')
        os.kill(os.getpid(), signal.SIGKILL)
    return checksum(path)

audio.checksum = kill_on_the_seventh
os.cpu_count = lambda: 1
corpus(f"folder:{sys.argv[1]}", cache_dir=Path(sys.argv[2]), console=Console(quiet=True))
"""

    def test_a_killed_survey_goes_on_where_it_was(
        self, tmp_path: Path, open_corpus: OpenCorpus, decoded: list[str]
    ) -> None:
        for number in range(12):
            write_tone(tmp_path / "many" / f"{number:02d}.wav", hz=200 + 10 * number)
        killed = subprocess.run(
            [warm.python(), "-c", self.SCRIPT, tmp_path / "many", tmp_path / "cache"],
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        ledger = next((tmp_path / "cache").rglob("survey.jsonl"))
        n_recorded = ledger.read_text().count('"checksum"')
        assert n_recorded >= 1
        assert not list((tmp_path / "cache").rglob("manifest.json"))
        found = open_corpus(f"folder:{tmp_path / 'many'}")
        assert len(found.tracks) == 12
        assert len(decoded) == 12 - n_recorded
        decoded.clear()
        assert open_corpus(f"folder:{tmp_path / 'many'}") == found
        assert decoded == []
