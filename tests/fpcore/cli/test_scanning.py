"""What ``fpcore recognize --scan`` tells of a long recording while it hears it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Never, cast

import numpy as np
import pytest
import soundfile

from fpcore.cli.scanning import ScanFile
from fpcore.library import Library
from fpcore.records import Cut, CutKind
from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.material import piece, write_wav
from tests.fpcore.cli.running import answer, environment, fpcore

NAMES = ["song in opus", "song in wav", "song in mp3"]
PART_S = 14.0


@pytest.fixture
def mix(learned: Learned, tmp_path: Path, database: Path) -> Path:
    parts = [
        piece(learned.music.indices[name], start_s=3.0, duration_s=PART_S).mean(
            axis=1, keepdims=True
        )
        for name in NAMES
    ]
    return write_wav(tmp_path / "mix.wav", np.concatenate(parts))


def test_json_lines_have_each_appearance_and_then_the_file(mix: Path, tmp_path: Path) -> None:
    done = fpcore("recognize", "--scan", "--json-lines", mix, cwd=tmp_path)
    assert done.returncode == 0
    *lines, last = map(json.loads, done.stdout.splitlines())
    assert [line["appearance"]["song_name"] for line in lines] == NAMES
    assert {line["file"] for line in lines} == {str(mix)}
    assert last["appearances"] == [line["appearance"] for line in lines]
    assert answer("recognize", "--scan", mix, cwd=tmp_path)["results"] == [last]


def test_files_that_others_scan_are_told_alike(mix: Path, tmp_path: Path) -> None:
    alone = fpcore("recognize", "--scan", mix, cwd=tmp_path).stdout
    done = fpcore("recognize", "--scan", "--jobs", 2, mix, mix, cwd=tmp_path)
    assert done.stdout == 2 * alone
    assert done.stderr == ""


def test_json_lines_without_a_scan_are_refused(mix: Path, tmp_path: Path) -> None:
    done = fpcore("recognize", "--json-lines", mix, cwd=tmp_path)
    assert done.returncode == 2
    assert "--scan" in done.stderr


def test_a_recording_over_the_limit_is_told_so_first_and_heard_up_to_it(
    mix: Path, tmp_path: Path
) -> None:
    hours = 1.5 * PART_S / 3600
    done = fpcore("recognize", "--scan", "--max-hours", hours, "mix.wav", cwd=tmp_path)
    assert done.returncode == 0
    stated_s = len(NAMES) * PART_S
    assert done.stderr == (
        f"fpcore: mix.wav: decoded {1.5 * PART_S:.1f} of {stated_s:.1f} s: "
        "the recording is longer than the limit for one file\n"
    )
    *lines, count = done.stdout.splitlines()
    assert [line.split('"')[1] for line in lines] == NAMES[:2]
    assert count == "mix.wav: 2 appearances"


def test_a_song_is_told_while_the_rest_is_still_to_come(mix: Path, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(mix, dtype="float32", always_2d=True)
    hiss = np.random.default_rng(1).normal(0, 0.1, (200 * rate_hz, 1)).astype(np.float32)
    write_wav(tmp_path / "long.wav", np.concatenate([samples, hiss]), rate_hz)
    command = [sys.executable, "-m", "fpcore", "recognize", "--scan", "long.wav"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert '"song in opus"' in process.stdout.readline()
        process.kill()
        assert "appearances" not in process.stdout.read()


KINDS: tuple[CutKind, ...] = ("understated", "too long", "damaged", "cut off")


class Faulty:
    """Stands for a library that finds nothing in a recording with several faults."""

    def scan(self, source: str, *, on_cut: Callable[[Cut], None], **_: object) -> Iterator[Never]:
        for kind in KINDS:
            on_cut(Cut(2.0, None, kind))
        yield from ()


def test_a_later_fault_is_told_if_it_tells_more(capfd: pytest.CaptureFixture[str]) -> None:
    for output in ("text", None):
        found = ScanFile(output)(cast(Library, Faulty()), "mix.wav")
        assert found.cut == Cut(2.0, None, "cut off")
    told = capfd.readouterr().err.splitlines()
    assert [line.removeprefix("fpcore: mix.wav: ") for line in told] == [
        str(Cut(2.0, None, kind)) for kind in KINDS if kind != "damaged"
    ]
