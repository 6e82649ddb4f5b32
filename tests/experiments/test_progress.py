"""Progress is read whole while several processes tell theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from experiments import progress

TELLING = """
import sys
from pathlib import Path
from experiments import progress

progress.WRITE_EVERY_S = 0
reporter = progress.Reporter(Path(sys.argv[1]), 500, progress.silent)
for _ in range(500):
    reporter.advance("asking")
"""


def test_two_processes_tell_of_one_run_and_no_reader_sees_a_part(tmp_path: Path) -> None:
    assert progress.read(tmp_path) is None
    progress.Reporter(tmp_path, 500, progress.silent).advance("asking")
    command = [sys.executable, "-c", TELLING, str(tmp_path)]
    telling = [subprocess.Popen(command) for _ in range(2)]
    while any(one.poll() is None for one in telling):
        assert progress.read(tmp_path) is not None
    assert [one.returncode for one in telling] == [0, 0]
    assert progress.read(tmp_path) == progress.Step("asking", 500, 500)
    assert [path.name for path in tmp_path.iterdir()] == ["progress.json"]
