"""No bytes whatsoever make decoding crash, warn, write to standard error or raise another error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import audio_files

PROGRAM = Path(__file__).with_name("audio_fuzz.py")
N_COPIES = 200
GROUPS = {
    "wav": [kind for kind in audio_files.LOSSLESS if kind.endswith((".wav", ".aiff"))],
    "flac": [kind for kind in audio_files.LOSSLESS if kind.endswith(".flac")],
    "ogg": ["vorbis.ogg", "opus.opus"],
    "mpeg": ["lame.mp3", "untagged.mp3", "adts.aac"],
    "boxes": ["aac.m4a", "faststart.m4a", "alac.m4a", "fragmented.mp4", "opus.webm"],
}


def test_every_kind_of_file_is_fuzzed() -> None:
    assert {kind for group in GROUPS.values() for kind in group} == set(audio_files.EVERY_KIND)


@pytest.mark.parametrize("group", GROUPS)
def test_damaged_files_are_decoded_or_refused(group: str, make_audio: Callable[..., Path]) -> None:
    paths = [make_audio(kind, duration_s=0.3, sample_rate_hz=16_000) for kind in GROUPS[group]]

    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", PROGRAM, str(N_COPIES), *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    outcomes = json.loads(done.stdout)
    assert set(outcomes) == set(GROUPS[group])
    for counts in outcomes.values():
        assert counts["decoded"] + counts["refused"] == N_COPIES
        assert counts["refused"] > N_COPIES / 10
