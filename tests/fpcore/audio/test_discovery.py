"""Audio files found in folders, by what they hold, and what is passed over."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from fpcore import audio
from fpcore.audio.discovery import PassedOver, summary
from fpcore.errors import AudioError
from tests import audio_files
from tests.fpcore.audio.material import Make


def touch(folder: Path, *names: str) -> None:
    """Make empty files, and the folders that they are in."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path, **options: Any) -> list[str]:
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


def test_other_files_and_hidden_ones_are_passed_over_and_told(tmp_path: Path) -> None:
    touch(tmp_path, "cover.jpg", "list.m3u", "._song.mp3", ".cache/song.mp3", "mp3", "song.mp3")
    passed: list[PassedOver] = []
    assert found(tmp_path, on_passed=passed.append) == ["song.mp3"]
    assert {one.path.name: one.reason for one in passed} == {
        "cover.jpg": "holds no audio that can be read",
        "list.m3u": "holds no audio that can be read",
        "mp3": "holds no audio that can be read",
        "._song.mp3": "is hidden",
        ".cache": "is hidden",
    }


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


@pytest.mark.parametrize("kind", audio_files.EVERY_KIND)
def test_every_kind_of_audio_is_found_under_any_name(kind: str, make_audio: Make) -> None:
    made = make_audio(kind, duration_s=2.0)
    names = ["01", "blob", "song.bin", "song.txt", "song.wav.part"]
    folder = made.parent / "music"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(made.read_bytes())
    assert found(folder) == names


def write_film(path: Path, *, with_sound: bool) -> None:
    """Write a second of film, of grey frames."""
    with av.open(str(path), "w", format=path.suffix[1:].replace("mkv", "matroska")) as film:
        pictures = film.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        sound = film.add_stream("aac", rate=44_100, layout="mono") if with_sound else None
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 100, np.uint8), format="rgb24")
            frame.pts = number
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode(None))
        if sound is None:
            return
        for start in range(0, 44_032, 1024):
            silence = np.zeros((1, 1024), np.float32)
            block = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            block.sample_rate, block.pts = 44_100, start
            film.mux(sound.encode(block))
        film.mux(sound.encode(None))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_a_film_is_found_if_it_has_sound(suffix: str, tmp_path: Path) -> None:
    write_film(tmp_path / f"loud.{suffix}", with_sound=True)
    write_film(tmp_path / f"mute.{suffix}", with_sound=False)
    passed: list[PassedOver] = []
    assert found(tmp_path, on_passed=passed.append) == [f"loud.{suffix}"]
    assert [one.path.name for one in passed] == [f"mute.{suffix}"]


def test_what_is_called_as_audio_or_begins_like_it_is_found_though_it_is_damaged(
    tmp_path: Path, make_audio: Make
) -> None:
    whole = make_audio("aac.m4a", duration_s=2.0)
    touch(tmp_path, "empty.mp3", "empty.mp4")
    (tmp_path / "text.wav").write_text("no audio")
    (tmp_path / "cut film.mp4").write_bytes(whole.read_bytes()[:200])
    (tmp_path / "cut blob").write_bytes(whole.read_bytes()[:200])
    whole.unlink()
    assert found(tmp_path) == ["cut blob", "cut film.mp4", "empty.mp3", "empty.mp4", "text.wav"]


OTHERS = {
    "cover.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 99,
    "picture.heic": b"\0\0\0\x18ftypheic" + bytes(5000),
    "old film.avi": b"RIFF\xff\xff\0\0AVI LIST" + b"\xff\xfb\x90\0" * 9999,
    "album.cue": b'PERFORMER "X"\nFILE "01.mp3" MP3\n' * 500,
    "log.txt": "EAC, Ende".encode("utf-16") * 999,
    "zeros.dat": bytes(100_000),
    "noise.dat": np.random.default_rng(1).bytes(300_000),
    "many frames.dat": b"\xff\xfb\x90\x44 is the begin of a frame, but not this one" * 2000,
    "empty": b"",
}
"""File name -> content that is no audio, though decoders find something in some."""


@pytest.mark.parametrize("name", OTHERS)
def test_what_holds_no_audio_is_passed_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(OTHERS[name])
    assert found(tmp_path) == []


def test_an_archive_of_audio_is_no_audio(tmp_path: Path, make_audio: Make) -> None:
    song = make_audio("lame.mp3", duration_s=5.0)
    with zipfile.ZipFile(tmp_path / "album", "w") as archive:
        archive.write(song)
    song.unlink()
    assert found(tmp_path) == []


def test_pipes_and_links_to_nowhere_are_passed_over_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path) == []


def test_names_that_are_no_text_are_found_and_told(tmp_path: Path, make_audio: Make) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    make_audio("pcm16.wav", duration_s=1.0).rename(odd)
    assert list(audio.find_audio_files([tmp_path])) == [odd]
    assert summary([PassedOver(odd, "holds no audio that can be read")]) == [
        r"passed over 1 file without audio that can be read: caf\xe9"
    ]


def test_the_summary_counts_files_of_one_suffix_together() -> None:
    assert summary([]) == []
    named = ["a.JPG", "b.jpg", "notes.txt", "LICENSE", "README"]
    passed = [PassedOver(Path(name), "holds no audio that can be read") for name in named]
    hidden = [PassedOver(Path(name), "is hidden") for name in (".a", ".b")]
    assert summary([*passed, *hidden]) == [
        "passed over 5 files without audio that can be read: 2 × .jpg, notes.txt, LICENSE, README",
        "passed over 2 hidden files and folders",
    ]
    assert summary(hidden[:1]) == ["passed over 1 hidden file or folder"]
