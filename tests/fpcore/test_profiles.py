"""Profile files: names, paths, what is wrong with them, and saving them whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fpcore.config import Decision, Profile
from fpcore.errors import ConfigError
from fpcore.profiles import (
    DEFAULT_PROFILE,
    PRESETS,
    load_profile,
    preset_names,
    profile_names,
    profile_path,
    profiles_folder,
    save_profile,
    user_profile_names,
    writable_path,
)
from tests.fpcore.store.disks import fill, small_disk

PRESET_NAMES = ["balanced", "robust", "seed", "tiny"]

PROFILE = Profile(
    name="mine",
    description="für Elise",
    decision=Decision(intercept=-1.5, weights={"log_votes": 0.1}, threshold=0.25),
    provenance={"run": "a", "metrics": [0.1, 1 / 3]},
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, with two profiles and a file of another kind."""
    folder = tmp_path / "profiles"
    for name in ("b", "a"):
        save_profile(PROFILE.model_copy(update={"name": name}), folder / f"{name}.json")
    (folder / "notes.txt").write_text("no profile")
    monkeypatch.setenv("FPCORE_PROFILES", str(folder))
    return folder


def test_presets_are_whole_and_under_their_names() -> None:
    assert preset_names() == PRESET_NAMES
    assert DEFAULT_PROFILE in preset_names()
    for name in preset_names():
        assert load_profile(PRESETS / f"{name}.json").name == name
    assert load_profile("seed").fingerprint.digest != load_profile("balanced").fingerprint.digest


def test_a_name_is_looked_up_in_the_users_folder_then_among_the_presets(folder: Path) -> None:
    assert profiles_folder() == folder
    assert user_profile_names() == ["a", "b"]
    assert profile_names() == ["a", "b", *PRESET_NAMES]
    assert load_profile("a").name == "a"
    assert profile_path("seed") == PRESETS / "seed.json"
    assert (
        load_profile() == load_profile(DEFAULT_PROFILE) == load_profile(PRESETS / "balanced.json")
    )
    save_profile(PROFILE.model_copy(update={"name": "seed"}), folder / "seed.json")
    assert profile_path("seed") == folder / "seed.json"
    assert load_profile("seed").description == PROFILE.description
    assert profile_names() == ["a", "b", *PRESET_NAMES]


def test_a_name_is_written_to_the_users_folder_also_when_it_is_a_presets(folder: Path) -> None:
    assert writable_path("a") == folder / "a.json"
    assert writable_path("seed") == folder / "seed.json"
    assert writable_path("new") == folder / "new.json"
    preset = PRESETS / "seed.json"
    assert writable_path(preset) == writable_path(str(preset)) == preset


def test_without_a_folder_of_the_users_there_are_the_presets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_PROFILES", str(tmp_path / "nowhere"))
    assert user_profile_names() == []
    assert profile_names() == PRESET_NAMES
    assert load_profile().name == DEFAULT_PROFILE


def test_a_suffix_a_folder_or_a_path_is_a_file_and_anything_else_a_name(folder: Path) -> None:
    assert profile_path("a") == folder / "a.json"
    assert profile_path("v1.2") == folder / "v1.2.json"
    assert profile_path("a.json") == Path("a.json")
    assert profile_path("here/a") == Path("here/a")
    assert profile_path("./a") == Path("a")
    assert profile_path(Path("a")) == Path("a")
    elsewhere = folder.parent / "elsewhere.json"
    save_profile(PROFILE, elsewhere)
    assert load_profile(elsewhere) == load_profile(str(elsewhere)) == PROFILE


def test_an_unknown_name_is_told_with_the_names_there_are(folder: Path) -> None:
    message = r"^cannot read profile 'c' \(No such file or directory\): .* at hand: a, b, balanced,"
    with pytest.raises(ConfigError, match=message):
        load_profile("c")
    with pytest.raises(ConfigError, match=r"\(Is a directory\)"):
        load_profile(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "EOF"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "object"),
        (b'{"name": "x"}', "decision"),
        (b'{"name": "x", "decision": {"tempo": 3}}', "decision"),
        (b'{"name": "../x"}', "name"),
    ],
)
def test_a_file_that_is_no_profile_is_named_with_its_fault(
    content: bytes, message: str, folder: Path
) -> None:
    path = folder / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_profile("broken")
    assert str(caught.value).startswith(f"{path}: ")


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "mine.json"
    save_profile(PROFILE, path)
    assert load_profile(path) == PROFILE
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["query"]["n_shifts"] == 1  # defaults are spelled out
    changed = PROFILE.model_copy(update={"description": "another"})
    save_profile(changed, path)
    assert load_profile(path) == changed
    assert [file.name for file in path.parent.iterdir()] == ["mine.json"]


def test_a_profile_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    taken = tmp_path / "taken.json"
    (taken / "inside").mkdir(parents=True)
    with pytest.raises(ConfigError, match=rf"^cannot write profile {taken}: "):
        save_profile(PROFILE, taken)
    assert [file.name for file in tmp_path.iterdir()] == ["taken.json"]
    below_a_file = tmp_path / "file" / "mine.json"
    below_a_file.parent.write_text("a file")
    with pytest.raises(ConfigError, match=rf"^cannot write profile {below_a_file}: "):
        save_profile(PROFILE, below_a_file)
    assert below_a_file.parent.read_text() == "a file"


def test_the_old_profile_stays_when_the_disk_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        path = disk / "mine.json"
        save_profile(PROFILE, path)
        fill(disk)
        with pytest.raises(ConfigError, match="No space left on device"):
            save_profile(PROFILE.model_copy(update={"name": "other"}), path)
        assert load_profile(path) == PROFILE
        assert {file.name for file in disk.iterdir()} == {"mine.json", "ballast"}


@pytest.mark.skipif(os.name != "posix", reason="folders cannot be opened elsewhere")
def test_content_is_on_the_disk_before_the_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.json"
    synced: list[tuple[Path, int, bool]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        [file] = [one for one in (path.parent, *tmp_path.iterdir()) if _is_open(one, descriptor)]
        synced.append((file, os.fstat(descriptor).st_size, path.exists()))

    monkeypatch.setattr(os, "fsync", noted)
    save_profile(PROFILE, path)
    (beside, n_bytes, named), (folder, _, named_then) = synced
    assert (beside.parent, n_bytes, named) == (tmp_path, path.stat().st_size, False)
    assert (folder, named_then) == (tmp_path, True)


def _is_open(path: Path, descriptor: int) -> bool:
    return os.path.samestat(path.stat(), os.fstat(descriptor))


@pytest.mark.parametrize(("name", "at_most"), [("tiny", 25), ("robust", 100)])
def test_a_preset_has_the_size_that_it_was_promoted_for(name: str, at_most: float) -> None:
    profile = load_profile(name)
    assert profile.provenance is not None
    assert 0.75 * at_most < profile.provenance["postings_per_s"] <= at_most
