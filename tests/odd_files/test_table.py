"""Every odd file is learned, recognised, told apart or refused as the table says.

Where FFmpeg or libsndfile gives sound, so does the workbench.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.odd_files.answers import Answer, Desk, peer_s
from tests.odd_files.inputs import INPUTS, Input
from tests.odd_files.kinds import encoded
from tests.odd_files.sound import SOUND_S
from tests.odd_files.table import expected

EXPECTED = expected()
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TOLERANCE_S = 0.15
"""Other versions of an encoder begin and end a frame of up to a tenth of a second elsewhere."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Both indexes, which all rows share."""
    desk = Desk(tmp_path_factory.mktemp("indexes"))
    yield desk
    desk.close()


def content_of(odd: Input) -> bytes:
    """Return an odd file; without its program the row is skipped, or fails where CI is true."""
    if not odd.is_makeable:
        reason = f"NOT TESTED: files of {odd.program}, which is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return odd.make()


def test_the_table_has_a_row_for_every_odd_file_and_no_other() -> None:
    assert list(EXPECTED) == list(INPUTS)


@pytest.mark.parametrize("name", INPUTS)
def test_an_odd_file_is_answered_as_the_table_says(desk: Desk, name: str) -> None:
    content = content_of(INPUTS[name])
    answer, wanted = desk.ask(content), EXPECTED[name]
    for found, cell in zip(answer, wanted, strict=True):
        assert _NUMBER.sub("#", found) == _NUMBER.sub("#", cell)
        numbers = [float(number) for number in _NUMBER.findall(cell)]
        found_numbers = [float(number) for number in _NUMBER.findall(found)]
        assert found_numbers == pytest.approx(numbers, abs=_TOLERANCE_S, rel=0.02)
    if learned_s(answer) < SOUND_S and "give no fingerprint" not in answer.told:
        # A twentieth of a second: what comes out of an encoder's delay and padding.
        assert learned_s(answer) >= min(peer_s(content), SOUND_S) - 0.05


_ROUNDED_S = 0.05
"""What the table may have rounded off."""


def learned_s(answer: Answer) -> float:
    """Return the seconds that were learned, 0 of a file that was refused."""
    found = _NUMBER.search(answer.learned)
    return float(found[0]) + _ROUNDED_S if found else 0.0


def test_the_same_files_are_made_each_time() -> None:
    for kind in ("pcm16.wav", "opus.webm", "aac.m4a", "dsd64.dsf", "wavpack.mka"):
        first = encoded(kind)
        encoded.cache_clear()
        assert encoded(kind) == first


def fpcore(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what the command ``fpcore`` did in a folder."""
    command = [sys.executable, "-m", "fpcore", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_commands_learn_and_recognise_odd_files(tmp_path: Path) -> None:
    for name, odd in (("song.wv", "wavpack.wv"), ("cut.dat", "pcm16.caf, cut"), ("no.mp3", "text")):
        (tmp_path / name).write_bytes(INPUTS[odd].make())
    learned = fpcore(tmp_path, "learn", "song.wv", "no.mp3")
    assert learned.returncode == 1
    assert "no.mp3: is not audio in a supported format" in learned.stderr
    heard = fpcore(tmp_path, "recognize", "cut.dat")
    assert heard.returncode == 0
    assert "song" in heard.stdout
    assert "the recording is cut off" in heard.stdout + heard.stderr
