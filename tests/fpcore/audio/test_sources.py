"""Finding audio files and their checksums."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fpcore import audio
from fpcore.errors import AudioError


def touch(folder: Path, *names: str) -> None:
    """Make empty files, and the folders that they are in."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path, **options: object) -> list[str]:
    """Return the paths found under ``folder``, relative to it."""
    paths = audio.find_audio_files([folder], **options)
    return [path.relative_to(folder).as_posix() for path in paths]


@contextmanager
def unlistable(folder: Path) -> Iterator[None]:
    """Make ``folder`` one that cannot be listed, by root neither."""
    walk = os.scandir

    def refuse(path: str | os.PathLike[str]) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return walk(path)

    if os.geteuid() != 0:
        folder.chmod(0)
        yield
        folder.chmod(0o755)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        yield


def test_folders_are_walked_in_sorted_order_whatever_the_disk_says(tmp_path: Path) -> None:
    touch(tmp_path, "b.mp3", "z/1.flac", "a.wav", "m/k/2.opus", "m/1.ogg", "C.M4A")
    assert found(tmp_path) == ["C.M4A", "a.wav", "b.mp3", "m/1.ogg", "m/k/2.opus", "z/1.flac"]


def test_every_supported_suffix_is_found_in_any_case(tmp_path: Path) -> None:
    names = sorted(f"x{suffix}" for suffix in audio.SUPPORTED_SUFFIXES)
    loud = sorted(f"y{suffix.upper()}" for suffix in audio.SUPPORTED_SUFFIXES)
    touch(tmp_path, *names, *loud)
    assert found(tmp_path) == names + loud
    assert {".wav", ".mp3", ".m4a", ".flac", ".ogg", ".opus", ".webm"} <= audio.SUPPORTED_SUFFIXES


def test_other_files_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "cover.jpg", "list.m3u", "._song.mp3", ".cache/song.mp3", "mp3", "song.mp3")
    assert found(tmp_path) == ["song.mp3"]


def test_a_named_file_is_yielded_whatever_its_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "b.dat", "a/x.mp3")
    paths = audio.find_audio_files([tmp_path / "b.dat", str(tmp_path / "a")])
    assert list(paths) == [tmp_path / "b.dat", tmp_path / "a" / "x.mp3"]


def test_a_circle_of_links_is_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.mp3")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert found(tmp_path) == ["a/x.mp3"]


def test_a_missing_path_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone: does not exist$"):
        list(audio.find_audio_files([tmp_path / "gone"]))


def test_a_folder_that_cannot_be_listed_is_an_error_that_names_it(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.mp3", "locked/y.mp3", "z/z.mp3")
    locked = tmp_path / "locked"
    with unlistable(locked):
        with pytest.raises(AudioError, match=rf"^{locked}: cannot be read, permission denied$"):
            found(tmp_path)
        errors: list[AudioError] = []
        assert found(tmp_path, on_error=errors.append) == ["a/x.mp3", "z/z.mp3"]
    assert [str(error) for error in errors] == [f"{locked}: cannot be read, permission denied"]


def test_the_checksum_is_the_sha256_of_the_bytes(make_audio: Callable[..., Path]) -> None:
    path = make_audio("pcm16.wav", duration_s=8.0)
    content = path.read_bytes()
    assert len(content) > 2**20
    expected = hashlib.sha256(content).hexdigest()

    upload = io.BytesIO(content)
    upload.seek(5)
    assert audio.checksum(path) == audio.checksum(str(path)) == audio.checksum(upload) == expected
    assert not upload.closed


def test_the_checksum_of_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="does not exist"):
        audio.checksum(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="is a folder"):
        audio.checksum(tmp_path)
