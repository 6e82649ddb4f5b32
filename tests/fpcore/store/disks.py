"""Disks that tests can fill."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, *, megabytes: int) -> Iterator[Path]:
    """Mount a small disk at a new folder; skips the test where that is not allowed."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def fill(disk: Path, *, but_bytes: int = 0) -> None:
    """Leave no room on a disk but for some bytes, by a file ``ballast``."""
    room = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize - but_bytes))


def make_read_only(disk: Path) -> None:
    """Let nobody, not even root, write to a disk that `small_disk` gave."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
