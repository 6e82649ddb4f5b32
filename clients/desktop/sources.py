"""Sources of sound: the microphone, what the computer plays, and files that stand for them.

A source gives blocks of samples from one channel. PortAudio is loaded when an input is opened or
listed, so that everything else works without it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import threading
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clients.desktop.spectrum import Samples

BLOCK_S = 0.05
SILENT_S = 3.0
"""An input that gives no block in so many seconds is of no use."""

_OWN_SOUND = ("monitor", "loopback", "stereo mix", "what u hear", "blackhole")
"""Parts of the names of inputs that give what a computer plays."""


_portaudio_alone = threading.Lock()
"""Held while PortAudio starts, lists or opens, which crashes in two threads at once. As it starts,
`sounddevice` keeps complaints, as that there is no JACK server, from standard error: with a second
thread they come through, or standard error stays closed for good."""

_open_inputs: list[object] = []
"""Streams that give sound now, under which PortAudio's list of devices must stay."""


class NoSoundError(Exception):
    """A source that gives nothing; the text is one sentence with a remedy."""


class SoundSource(Protocol):
    """Something that can be recorded from."""

    @property
    def name(self) -> str:
        """What it is called in the history."""

    def opened(self) -> contextlib.AbstractContextManager[tuple[int, Iterator[Samples]]]:
        """Give its sampling rate in Hz, and blocks without end; raises `NoSoundError`."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input of this computer; ``device`` is PortAudio's number of it, None its own choice.

    ``monitor`` is the sound server's name of the input to use instead, if it has several.
    """

    name: str
    device: int | None = None
    monitor: str = ""

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[int, Iterator[Samples]]]:
        """Give the sampling rate and blocks as they are heard."""
        heard: queue.SimpleQueue[Samples] = queue.SimpleQueue()

        def take(block: Any, n_frames: int, time: Any, status: Any) -> None:
            heard.put(np.array(block[:, 0], np.int16))

        with _portaudio_alone:
            stream, rate_hz = self._stream(take)
            _open_inputs.append(stream)
        try:
            with stream:
                yield rate_hz, _taken(heard)
        finally:
            _open_inputs.remove(stream)

    def _stream(self, take: Callable[[Any, int, Any, Any], None]) -> tuple[Any, int]:
        """Return a stream that is not started, and its sampling rate in Hz."""
        sound = _portaudio()
        try:
            with _sound_server_input(self.monitor):
                found = sound.query_devices(self.device, "input")
                rate_hz = round(found["default_samplerate"])
                stream = sound.InputStream(
                    samplerate=rate_hz,
                    blocksize=round(BLOCK_S * rate_hz),
                    device=self.device,
                    channels=1,
                    dtype="int16",
                    callback=take,
                )
        except (sound.PortAudioError, ValueError) as error:
            raise NoSoundError(
                f"No microphone can be opened ({_cause(error)}): connect one, allow its use, or "
                "open a file."
            ) from error
        return stream, rate_hz


def _taken(heard: queue.SimpleQueue[Samples]) -> Iterator[Samples]:
    while True:
        try:
            yield heard.get(timeout=SILENT_S)
        except queue.Empty:
            raise NoSoundError(
                "The input gives no sound: choose another one, or open a file."
            ) from None


@dataclass(frozen=True, slots=True)
class FileInput:
    """A WAV file of 16 bits that is heard like a microphone, as fast as it is read."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[int, Iterator[Samples]]]:
        """Give the sampling rate and blocks of the file's first channel."""
        try:
            with wave.open(str(self.path), "rb") as file:
                if file.getsampwidth() != 2:
                    raise wave.Error("it has not 16 bits")
                yield file.getframerate(), _frames(file)
        except (OSError, EOFError, wave.Error) as error:
            raise NoSoundError(
                f"The file {self.path.name} cannot be played ({_cause(error)}): choose another."
            ) from error


def _frames(file: wave.Wave_read) -> Iterator[Samples]:
    n_frames = round(BLOCK_S * file.getframerate())
    while content := file.readframes(n_frames):
        yield np.frombuffer(content, "<i2").reshape(-1, file.getnchannels())[:, 0]


MICROPHONE = Input("Microphone")
"""The input that the system has chosen."""


def inputs() -> list[Input]:
    """Return what can be recorded from: the system's choice first, then what the computer plays.

    Devices that were connected since the last time are among them, unless something is recorded.
    """
    found = [MICROPHONE]
    try:
        with _portaudio_alone:
            sound = _portaudio()
            if not _open_inputs:  # PortAudio looks for devices when it starts, and never again
                sound._terminate()
                sound._initialize()
            devices = [one for one in sound.query_devices() if one["max_input_channels"] > 0]
    except NoSoundError:
        return found
    except Exception:  # PortAudio has no devices at all, in several ways
        return found
    named = {one["name"]: one["index"] for one in devices}
    own = [name for name in named if any(part in name.lower() for part in _OWN_SOUND)]
    if not own and "pulse" in named and (monitor := _sound_server_monitor()):
        found.append(Input("What this computer plays", named["pulse"], monitor))
    others = [name for name in named if name not in own and name not in ("default", "pulse")]
    return [*found, *(Input(name, named[name]) for name in (*own, *others))]


def _portaudio() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise NoSoundError(
            f"This computer cannot record ({_cause(error)}): install PortAudio (Debian, Ubuntu: "
            "apt-get install libportaudio2), or open a file."
        ) from error
    return sounddevice


def _sound_server_monitor() -> str:
    """Return the name by which PulseAudio or PipeWire gives what is played; empty without one."""
    command = shutil.which("pactl")
    if command is None:
        return ""
    try:
        told = subprocess.run(
            [command, "get-default-sink"], capture_output=True, text=True, timeout=2, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{told.stdout.strip()}.monitor" if told.stdout.strip() else ""


@contextlib.contextmanager
def _sound_server_input(name: str) -> Iterator[None]:
    """Have the sound server give another input than its default to what is opened meanwhile."""
    before = os.environ.get("PULSE_SOURCE")
    if name:
        os.environ["PULSE_SOURCE"] = name
    try:
        yield
    finally:
        if name and before is None:
            del os.environ["PULSE_SOURCE"]
        elif name and before is not None:
            os.environ["PULSE_SOURCE"] = before


def _cause(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
