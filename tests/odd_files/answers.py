"""What a library answers to an odd file, and what the decoders that set the bar make of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import av
import soundfile

from fpcore.audio.sources import GuardedFile
from fpcore.errors import AudioError
from fpcore.library import Library
from tests import audio_files
from tests.odd_files.sound import RATE_HZ, sound

_MOST_FAILURES = 20


class Answer(NamedTuple):
    """What became of a file: how it was learned, where it was recognised, and what was told."""

    learned: str
    recognised: str
    told: str = ""


class Desk:
    """An index of the sound, and another into which every odd file is learned."""

    def __init__(self, folder: Path) -> None:
        whole = audio_files.write(folder / "sound.wav", sound(), RATE_HZ, kind="pcm24.wav")
        self._known = Library.open(folder / "known.db", create=True)
        self._known.learn(whole)
        self._learned = Library.open(folder / "learned.db", create=True)

    def close(self) -> None:
        """Close both indexes."""
        self._known.close()
        self._learned.close()

    def ask(self, content: bytes) -> Answer:
        """Return what is made of the bytes of a file."""
        try:
            answer = self._known.recognize(io.BytesIO(content))
        except AudioError as error:
            return Answer("refused", "refused", _sentence(error))
        notes = [str(note) for note in (answer.cut, answer.remixed) if note is not None]
        match = answer.match
        place = "no match" if match is None else f"at {_seconds(match.offset_s)}"
        try:
            added = self._learned.learn(io.BytesIO(content), allow_duplicates=True)
        except AudioError as error:
            return Answer("refused", place, _sentence(error))
        song = added.song
        learned = f"{'complete' if song.complete else 'incomplete'}, {_seconds(song.duration_s)}"
        return Answer(learned, place, "; ".join(notes))


def _seconds(duration_s: float) -> str:
    return f"{round(duration_s, 1) + 0.0:.1f} s"


def _sentence(error: AudioError) -> str:
    return str(error).removeprefix("uploaded audio: ")


def peer_s(content: bytes) -> float:
    """Return the seconds of sound that FFmpeg or libsndfile, left alone, gives for a file."""
    return max(_by_ffmpeg_s(content), _by_libsndfile_s(content))


def _by_ffmpeg_s(content: bytes) -> float:
    av.logging.set_level(None)
    decoded_s, n_failures = 0.0, 0
    try:
        with av.open(io.BytesIO(content), metadata_errors="replace") as container:
            while n_failures < _MOST_FAILURES:
                try:
                    for packet in container.demux(container.streams.audio[0]):
                        decoded_s += _length_s(packet)
                    break
                except av.error.FFmpegError:
                    n_failures += 1
    except (av.error.FFmpegError, IndexError):
        pass
    return decoded_s


def _length_s(packet: av.Packet) -> float:
    try:
        return sum(frame.samples / frame.sample_rate for frame in packet.decode())
    except (av.error.FFmpegError, ValueError):
        return 0.0


def _by_libsndfile_s(content: bytes) -> float:
    """Return what libsndfile reads; MP3, whose damage it writes to standard error, is FFmpeg's."""
    if not content.startswith((b"RIFF", b"RF64", b"riff", b"FORM", b".snd", b"caff", b"MAT")):
        return 0.0
    try:
        with soundfile.SoundFile(GuardedFile(io.BytesIO(content))) as file:
            return float(len(file.read(dtype="float32")) / file.samplerate)
    except (soundfile.SoundFileError, ValueError):
        return 0.0
