"""What the README tells a reader to type is typed here, in the order in which it stands.

``fpcore`` runs in this process, whose imports and compiled code it shares; ``fpbench`` runs
notebooks and therefore has one of its own.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora import generated
from fpcore.cli import main
from tests import warm
from tests.fpcore.cli.running import called

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.strip().partition("  # ")[0]
    for line in README.splitlines()
    if line.startswith("    ") and line.strip().split()[0] in {"fpcore", "fpbench", "make"}
]


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    if program == "fpcore":
        return called(main, *arguments, cwd=folder, env=_places(folder))
    return _python(folder, "-m", "experiments", *arguments)


def _places(folder: Path) -> dict[str, str]:
    """Return the variables that name the folders of the project: all lie in a reader's folder."""
    return {
        "PYTHONPATH": str(ROOT),
        "FPBENCH_CACHE": str(folder / "cache"),
        "FPBENCH_RUNS": str(folder / "runs"),
        "FPCORE_PROFILES": str(folder / "profiles"),
    }


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [warm.python(), *arguments],
        cwd=folder,
        env=os.environ | _places(folder) | warm.with_warm_kernels(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


SMALLER = (
    " --set excerpts.indexed=4 --set excerpts.left_out=4 --set degradations='[clean]'"
    " --set timed_queries=1 --set left_out_share=0.5"
    " --set fingerprint='{pairs.fan_out: [2, 3, 5, 8, 12]}'"
)
"""The README's sweep, with fewer trials and queries: the test is of the commands alone."""

N_SONGS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what the README speaks of: music, recordings, their list, and a mix."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "music").mkdir()
    songs = [generated.song(number) for number in range(N_SONGS)]
    for number, song in enumerate(songs):
        name = "song" if number == 0 else f"song {number}"
        soundfile.write(folder / "music" / f"{name}.flac", song, generated.RATE_HZ)
    excerpt = songs[0].mean(axis=1)[10 * generated.RATE_HZ : 18 * generated.RATE_HZ] / 32768
    noise = np.random.default_rng(0).normal(size=len(excerpt)) * excerpt.std()
    soundfile.write(folder / "noisy.wav", (excerpt + noise) / 4, generated.RATE_HZ)
    table = "file,song,start_s,device\nnoisy.wav,song,10,phone\n"
    (folder / "recordings.csv").write_text(table)
    mix = np.concatenate([song.mean(axis=1) for song in songs[1:3]]) / 32768
    soundfile.write(folder / "mix.flac", mix, generated.RATE_HZ)
    return folder


def test_every_command_of_the_readme_works_in_its_order(folder: Path) -> None:
    typed = [command for command in COMMANDS if not command.startswith("make ")]
    assert len(typed) >= 10
    for command in typed:
        smaller = SMALLER if command.startswith("fpbench sweep") else ""
        done = _run(command + smaller, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if command == "fpcore recognize noisy.wav":
            assert '"song"' in done.stdout
    assert (folder / "why.png").stat().st_size > 10_000
    assert (folder / "runs" / "mine" / "report.html").is_file()


def test_the_python_of_the_readme_works(folder: Path) -> None:
    # The second, which asks a service, is run beside one: tests/clients/rest/test_client.py.
    [code, _] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = _python(folder, "-c", code)
    assert done.returncode == 0, done.stderr
    assert "song_name='song'" in done.stdout


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [command.split()[1] for command in COMMANDS if command.startswith("make ")]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_path_of_the_readme_exists() -> None:
    linked = re.findall(r"\]\(([^)]+)\)", README)
    assert linked
    for path in linked:
        assert (ROOT / path).exists(), path
