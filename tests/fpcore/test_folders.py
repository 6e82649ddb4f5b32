"""Folders of the user: the variable, then the project, then the home."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore import folders
from fpcore.errors import ConfigError
from fpcore.folders import PROJECT_FILE, checkout, project_folder, user_folder

VARIABLE = "FPTEST_FOLDER"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working folder, ``home/work/below``, of a package that has no checkout."""
    home = tmp_path / "home"
    below = home / "work" / "below"
    below.mkdir(parents=True)
    monkeypatch.setattr(folders, "__file__", str(tmp_path / "packages" / "fpcore" / "folders.py"))
    monkeypatch.setenv("HOME", str(home))
    for variable in (VARIABLE, "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(below)
    return home


def found() -> list[Path]:
    return [user_folder(kind, variable=VARIABLE) for kind in ("profiles", "runs", "cache")]


def test_a_checkout_keeps_everything_within_it_wherever_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / PROJECT_FILE).touch()
    monkeypatch.chdir(tmp_path)
    assert checkout() == project_folder() == ROOT
    within = ("experiments/profiles", "experiments/runs", ".cache")
    assert found() == [ROOT / name for name in within]


def test_without_a_project_they_lie_in_the_home(installed: Path) -> None:
    assert checkout() is None
    assert project_folder() is None
    data = installed / ".local" / "share" / "fpworkbench"
    assert found() == [data / "profiles", data / "runs", installed / ".cache" / "fpworkbench"]


def test_the_xdg_variables_move_them_unless_their_paths_are_relative(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    data = tmp_path / "data" / "fpworkbench"
    assert found() == [data / "profiles", data / "runs", installed / ".cache" / "fpworkbench"]


def test_a_user_without_a_home_keeps_them_in_the_working_folder(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "no/absolute/path")
    assert found()[2] == Path.cwd() / ".cache" / "fpworkbench"


def test_the_nearest_project_upward_keeps_them_under_the_names_of_its_file(
    installed: Path,
) -> None:
    work = installed / "work"
    (installed / PROJECT_FILE).write_text('runs = "never used"')
    (work / PROJECT_FILE).touch()
    assert project_folder() == work
    assert found() == [work / "profiles", work / "runs", work / ".cache"]
    (work / PROJECT_FILE).write_text('# ours\nruns = "results/of/sweeps"\n')
    assert found() == [work / "profiles", work / "results" / "of" / "sweeps", work / ".cache"]


def test_a_variable_names_the_folder_before_anything_else(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (installed / PROJECT_FILE).touch()
    monkeypatch.setenv(VARIABLE, "~/mine")
    assert found() == [installed / "mine"] * 3
    monkeypatch.setenv(VARIABLE, "")
    assert found()[0] == installed / "profiles"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"runs = 3", "runs = 3 is no setting of a project: it may name the folders profiles, "),
        (b"runs = ''", "runs = '' is no setting"),
        (b"profile = 'x'", "profile = 'x' is no setting"),
        (b"runs = ", "cannot be read"),
        (b"\xff", "cannot be read"),
    ],
)
def test_what_a_project_file_may_not_say_is_refused_with_its_name(
    content: bytes, reason: str, installed: Path
) -> None:
    file = installed / PROJECT_FILE
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        user_folder("profiles", variable=VARIABLE)
    assert str(caught.value).startswith(f"{file}: {reason}")


def test_a_working_folder_that_was_removed_is_no_project(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (installed / "work" / "below").rmdir()
    assert project_folder() is None
    monkeypatch.chdir(installed)
