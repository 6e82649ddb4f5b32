"""Sources of audio: found, named, opened, summed up, and what is said when that fails."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fpcore import audio
from fpcore.audio.limits import AudioRefusedError
from fpcore.audio.sources import GuardedFile, name_of, opened
from fpcore.errors import AudioError
from tests import audio_files
from tests.fpcore.audio.material import Make, refusal


def test_the_checksum_is_the_sha256_of_the_bytes(make_audio: Make) -> None:
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


@contextmanager
def without_root() -> Iterator[None]:
    """Give up root's right to read everything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that every user may enter, unlike those above it."""
    above = [tmp_path, *(p for p in tmp_path.parents if p.stat().st_uid == os.geteuid())]
    modes = {path: path.stat().st_mode for path in above}
    for path, mode in modes.items():
        if mode & 0o005 != 0o005:
            path.chmod(mode | 0o055)
    yield tmp_path
    for path, mode in modes.items():
        path.chmod(mode)


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.wav").endswith("gone.wav: does not exist")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder, not an audio file" in refusal(tmp_path)


def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    assert "is not a regular file" in refusal(pipe)


def test_a_file_without_read_permission(open_folder: Path, make_audio: Make) -> None:
    path = make_audio("pcm16.wav", duration_s=0.1)
    with without_root():
        assert audio.load(path, sample_rate_hz=22_050).duration_s == pytest.approx(0.1)
    path.chmod(0)
    with without_root():
        sentence = refusal(path)
        with pytest.raises(AudioError, match="permission denied"):
            audio.checksum(path)
    assert sentence.endswith("cannot be read, permission denied")


@pytest.mark.parametrize("name", ["a\nb.wav", b"caf\xe9.wav", "nul\0.wav"])
def test_the_sentence_can_be_printed_whatever_the_name(tmp_path: Path, name: str | bytes) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), os.fsencode(name))))
    with pytest.raises(AudioError) as caught:
        audio.load(path, sample_rate_hz=22_050)
    assert str(caught.value).isprintable()
    assert str(caught.value).encode()


class FailingFile(io.BytesIO):
    """A file on a disk that stops answering after some bytes."""

    n_good = 20_000

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self.n_good:
            raise OSError(5, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize("kind", audio_files.EVERY_KIND)
def test_a_read_error_is_named_and_not_taken_for_the_end(
    make_audio: Make, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = FailingFile(make_audio(kind, duration_s=4.0).read_bytes())
    assert "cannot be read, Input/output error" in refusal(file, name="lost.bin")
    file.n_good = 0
    assert "cannot be read, Input/output error" in refusal(file, name="lost.bin")
    assert capfd.readouterr() == ("", "")


def test_an_open_file_is_called_by_its_name_or_as_uploaded(tmp_path: Path) -> None:
    assert name_of(io.BytesIO()) == "uploaded audio"
    with (tmp_path / "a.wav").open("wb") as file:
        assert name_of(file) == str(tmp_path / "a.wav")
    with tempfile.TemporaryFile() as nameless:  # whose name is a number
        assert name_of(nameless) == "uploaded audio"


def test_a_path_is_closed_after_reading_and_an_open_file_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"abc")
    with opened(path) as file:
        assert file.read() == b"abc"
    assert file.closed
    upload = io.BytesIO(b"abc")
    with opened(upload) as same:
        assert same is upload
    assert not upload.closed


def test_a_guarded_file_keeps_its_first_error_and_raises_it_when_asked() -> None:
    file = FailingFile(bytes(30_000))
    guarded = GuardedFile(file)
    assert guarded.read(20_000) == bytes(20_000)
    guarded.check()
    assert guarded.failure() is None
    assert guarded.read(1) == b""
    file.close()
    assert guarded.tell() == guarded.seek(0) == -1
    with pytest.raises(AudioRefusedError, match=r"^cannot be read, Input/output error$"):
        guarded.check()


def test_to_seek_before_the_start_is_no_error_of_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"abc")
    with opened(path) as file:
        guarded = GuardedFile(file)
        assert guarded.seek(-1) == guarded.seek(-5, os.SEEK_END) == -1
        guarded.check()
