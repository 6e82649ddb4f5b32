"""How many connections there may be; what becomes of each is in ``test_crowding``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from api.connections import ConnectionLimits
from api.settings import Settings
from tests.api.server import ROOT

PROGRAM = """
import resource
from api.connections import ConnectionLimits
from api.settings import Settings
print(ConnectionLimits.of(Settings(max_connections=200, max_uploads=20)).n_connections)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def limited(ulimit: str) -> list[int]:
    """Return the most connections, and the open files that are allowed then, of a process."""
    run = subprocess.run(
        ["bash", "-c", f'{ulimit} && exec "$0" -c "$1"', sys.executable, PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in run.stdout.split()]


@pytest.mark.parametrize(
    ("ulimit", "n_connections", "n_files"),
    [
        ("ulimit -Sn 1000; ulimit -Hn 1000", 200, 1000),
        ("ulimit -Sn 256; ulimit -Hn 1000", 200, 348),
        ("ulimit -Sn 256; ulimit -Hn 300", 152, 300),
        ("ulimit -Sn 100; ulimit -Hn 100", 1, 100),
    ],
    ids=["enough", "enough if raised", "too few", "far too few"],
)
def test_there_are_as_many_connections_as_files_can_be_open(
    ulimit: str, n_connections: int, n_files: int
) -> None:
    assert limited(ulimit) == [n_connections, n_files]


def test_the_longest_waits_are_those_of_the_settings() -> None:
    settings = Settings(header_timeout_s=1.0, upload_window_s=2.0, answer_timeout_s=3.0)
    limits = ConnectionLimits.of(settings)
    assert (limits.head_s, limits.rest_s, limits.answer_s) == (1.0, 2.0, 3.0)
