"""``fpbench demo`` as a whole, with a small spec in place of its own music."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from experiments.results.run_folder import RunFolder, run_folder
from fpcore.profiles import load_profile
from tests import warm
from tests.experiments import small
from tests.experiments.cli.running import PROGRAM, Done, environment

# The demonstration runs the spec of this name.
DEMO = f"""
import sys
from pathlib import Path
from experiments.specs import content
content.SPECS_FOLDER = Path(sys.argv.pop())
{PROGRAM}
"""


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profiles")


@pytest.fixture(scope="module")
def run(swept: RunFolder) -> RunFolder:
    """A sweep that is finished already, under the name that the demonstration gives it."""
    run = run_folder(f"demo-{small.spec().digest[:8]}")
    shutil.copytree(swept.path, run.path)
    return run


@pytest.fixture(scope="module")
def done(run: RunFolder, profiles: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    specs = tmp_path_factory.mktemp("specs")
    (specs / "demo.yml").write_text(yaml.safe_dump(small.CONTENT))
    return subprocess.run(
        [warm.python(), "-c", DEMO, "demo", str(specs)],
        env=environment(FPCORE_PROFILES=str(profiles), **warm.with_warm_kernels()),
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_goes_once_round_and_says_what_it_made(done: Done, profiles: Path) -> None:
    assert done.returncode == 0, done.stderr
    headings = re.findall(r"^(\d)\. (\w+)", done.stdout, re.MULTILINE)
    assert headings == [
        ("1", "Sweep"), ("2", "Report"), ("3", "Promote"), ("4", "Learn"), ("5", "Recognise"),
    ]  # fmt: skip
    made = [Path(line.strip()) for line in done.stdout.partition("What was made:")[2].splitlines()]
    paths = [path for path in made if path.name]
    assert [path.name for path in paths][:2] == ["report.html", "demo.json"]
    assert [path.suffix for path in paths][2:] == [".db", ".wav", ".png"]
    assert all(path.is_file() for path in paths)
    assert paths[1].parent == profiles


def test_the_promoted_profile_is_that_of_a_trial_of_the_sweep(
    done: Done, profiles: Path, run: RunFolder
) -> None:
    card = load_profile(profiles / "demo.json").provenance
    assert card is not None
    assert (card["run"], card["trial"] in run.manifest().trials) == (run.name, True)
    assert f"Promote {card['trial']}" in done.stdout


def test_what_is_finished_is_not_swept_again(done: Done, run: RunFolder, swept: RunFolder) -> None:
    assert "4 trials done of 4" in done.stdout
    assert small.rows(run) == small.rows(swept)
    assert run.manifest().started == swept.manifest().started


def test_clips_are_counted_by_condition_and_one_of_them_is_told_in_full(done: Done) -> None:
    for condition in ("clean", "pink-m5db"):
        assert re.search(rf"^{condition} +6 +\d +\d +\d +6 +\d +\d+ *$", done.stdout, re.MULTILINE)
    assert re.search(r"of median votes: song-\d+\.flac, heard as pink-m5db$", done.stdout, re.M)
    assert re.search(
        r"^  (it is song-\d+\.flac from \d+:\d\d\.\d\d on|no match)", done.stdout, re.M
    )
    assert re.search(r"^  \d+ hashes; decode \d+ ms, fingerprint \d+ ms", done.stdout, re.M)
