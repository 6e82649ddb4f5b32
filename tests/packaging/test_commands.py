"""`make` and `.ci/run`: what they list, and when set-up works and when it rests.

Set-up runs here in a copy of the Makefile with an interpreter that only notes how it is called
and fails on demand; the real installation is what ran before these tests.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from clients.desktop.__main__ import main

INTERPRETER = """#!/bin/sh
# Stands in for python3: notes its calls, and makes an environment that holds a copy of itself.
case "$1 $2" in
    "-c "*) [ ! -e "{folder}/unsuitable" ]; exit;;
    "--version "*) echo "Python 3.11.0"; exit;;
esac
echo "$*" >> "{folder}/calls"
if [ -e "{folder}/failing" ]; then
    case "$*" in *"$(cat "{folder}/failing")"*) echo "ERROR: out of luck" >&2; exit 1;; esac
fi
case "$*" in
    *"-m venv --clear"*)
        for target; do :; done
        rm -rf "$target" && mkdir -p "$target/bin" && cp "$0" "$target/bin/python";;
    *"install --progress-bar"*) echo "Collecting numpy";;
esac
"""

MAKE_VARIABLES = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PYTHON", "VENV")


def run(*command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command without what an outer make passes on."""
    environment = {key: text for key, text in os.environ.items() if key not in MAKE_VARIABLES}
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


class Folder:
    """A copy of the project's set-up files, under an interpreter that notes its calls."""

    def __init__(self, root: Path, path: Path) -> None:
        self.path = path
        path.mkdir()
        for name in ("Makefile", "pyproject.toml", "requirements.lock"):
            shutil.copy(root / name, path)
        self.python = path / "python"
        self.python.write_text(INTERPRETER.replace("{folder}", str(path)))
        self.python.chmod(0o755)

    def setup(self) -> subprocess.CompletedProcess[str]:
        return run("make", "setup", f"PYTHON={self.python}", cwd=self.path)

    def calls(self) -> list[str]:
        """Return what was asked of the interpreter since the last call of this function."""
        notes = self.path / "calls"
        steps = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return [kind(step) for step in steps]


ALL = ["environment", "packages", "project", "kernels"]


def kind(step: str) -> str:
    if "-m venv" in step:
        return "environment"
    if "-m fpcore.warmup" in step:
        return "kernels"
    return "project" if "--editable ." in step else "packages"


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Folder:
    return Folder(root, tmp_path / "a folder")


def test_first_setup_makes_environment_then_packages_then_project(folder: Folder) -> None:
    result = folder.setup()
    assert result.returncode == 0, result.stderr
    assert folder.calls() == ALL


def test_second_setup_does_nothing(folder: Folder) -> None:
    folder.setup()
    folder.calls()
    assert folder.setup().returncode == 0
    assert folder.calls() == []


def append_comment(path: Path) -> None:
    path.write_text(path.read_text() + "# changed\n")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda path: append_comment(path / "requirements.lock"), ALL),
        (lambda path: append_comment(path / "pyproject.toml"), ALL[2:]),
        (lambda path: (path / ".venv/bin/python").unlink(), ALL),
        (lambda path: os.utime(path / "requirements.lock"), []),
    ],
    ids=["lock changed", "pyproject changed", "interpreter gone", "lock only touched"],
)
def test_setup_repeats_what_a_change_calls_for(
    change: Callable[[Path], object], expected: list[str], folder: Folder
) -> None:
    folder.setup()
    folder.calls()
    change(folder.path)
    assert folder.setup().returncode == 0
    assert folder.calls() == expected


def test_setup_starts_anew_in_a_folder_that_was_moved(folder: Folder, tmp_path: Path) -> None:
    folder.setup()
    folder.calls()
    moved = tmp_path / "moved"
    shutil.copytree(folder.path, moved)
    assert run("make", "setup", f"PYTHON={folder.python}", cwd=moved).returncode == 0
    assert folder.calls() == ALL


@pytest.mark.parametrize(
    ("failing", "repeated"),
    [("-m venv", ALL), ("--require-hashes", ALL), ("--editable", ALL[2:])],
)
def test_failed_setup_says_why_and_its_unfinished_steps_are_repeated(
    failing: str, repeated: list[str], folder: Folder
) -> None:
    (folder.path / "failing").write_text(failing)
    failed = folder.setup()
    assert failed.returncode != 0
    assert "ERROR: out of luck" in failed.stderr

    (folder.path / "failing").unlink()
    folder.calls()
    assert folder.setup().returncode == 0
    assert folder.calls() == repeated


def test_setup_takes_the_first_python_that_is_suitable(folder: Folder, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("python3", "python3.13"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    shutil.copy(folder.python, programs / "python3.12")
    result = run("make", "setup", cwd=folder.path, PATH=f"{programs}:{os.environ['PATH']}")
    assert result.returncode == 0, result.stderr
    assert folder.calls() == ALL


def test_setup_without_a_suitable_python_names_what_to_install(folder: Folder) -> None:
    (folder.path / "unsuitable").touch()
    result = folder.setup()
    assert result.returncode != 0
    assert re.search(r"no Python 3\.11, 3\.12 or 3\.13.*python3-venv", result.stderr)
    assert folder.calls() == []


def test_help_lists_every_target(root: Path) -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert phony
    listed = re.findall(r"^  make (\S+) +\S", run("make", cwd=root).stdout, re.MULTILINE)
    assert {"setup", "demo", "test"} <= set(listed)
    assert set(listed) == set(phony[1].split()) - {"remake"}


def test_commands_let_python_keep_what_it_compiles(root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "Makefile", tmp_path)
    (tmp_path / "more.mk").write_text("shown:\n\t@env\n")
    for name in ("pyproject.toml", "requirements.lock"):
        (tmp_path / name).touch()
    told = run("make", "-f", "Makefile", "-f", "more.mk", "shown", cwd=tmp_path,
               PYTHONDONTWRITEBYTECODE="1")  # fmt: skip
    assert "NUMBA_CACHE_DIR" in told.stdout
    assert "PYTHONDONTWRITEBYTECODE" not in told.stdout


def test_ci_runs_make_test_in_the_project_and_passes_its_outcome_on(
    root: Path, tmp_path: Path
) -> None:
    scripts = {
        "make": 'echo "$(pwd): CI=$CI make $*"; exit 7',
        "python3": "exit 0",
        **dict.fromkeys(("chromium", "lame", "oggenc", "mkvmerge", "sox"), "exit 0"),
        **dict.fromkeys(("Xvfb", "pulseaudio"), "exit 0"),
        "ldconfig": "echo libportaudio.so.2",
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    result = run(str(root / ".ci/run"), cwd=tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert result.stdout.splitlines()[-1] == f"{root}: CI=true make test"
    assert result.returncode == 7


def test_the_desktop_client_tells_its_version_without_a_window(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fpdesk", "--version"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert capsys.readouterr().out == f"fpdesk {metadata.version('fpworkbench')}\n"
