"""Sources: real inputs of a sound server without any device, and what is said where none is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from clients.desktop import sources
from clients.desktop.sources import Input, NoSoundError
from clients.desktop.spectrum import FLOOR_DB, level_db

TONE_HZ = 1000.0
RATE_HZ = 44_100

PLAYED = """
import sys, math, array
wave = [round(20000 * math.sin(2 * math.pi * 1000 * n / 44100)) for n in range(441)]
while True:
    sys.stdout.buffer.write(array.array("h", wave * 10).tobytes())
"""


@pytest.fixture
def sound_server() -> Iterator[None]:
    """PulseAudio with a loudspeaker that plays a tone, and a silent microphone."""
    if shutil.which("pulseaudio") is None and not os.environ.get("CI"):
        pytest.skip("there is no PulseAudio")
    # Its socket lies in it, whose path may not be as long as those of pytest.
    with tempfile.TemporaryDirectory(prefix="fp-") as folder, pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
            patch.setenv(name, folder)
        modules = (
            "module-native-protocol-unix auth-anonymous=1",
            "module-null-sink sink_name=speaker",
            "module-null-sink sink_name=room",
        )
        loaded = [part for module in modules for part in ("-L", module)]
        options = ("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no")
        with subprocess.Popen(["pulseaudio", *options, *loaded], stderr=subprocess.DEVNULL) as one:
            try:
                while not (Path(folder) / "native").exists():
                    assert one.poll() is None, "PulseAudio does not start"
                for what in ("default-sink speaker", "default-source room.monitor"):
                    subprocess.run(["pactl", *f"set-{what}".split()], check=True, timeout=60)
                yield
            finally:
                one.terminate()


@pytest.fixture
def tone(sound_server: None) -> Iterator[None]:
    """A tone that the loudspeaker plays."""
    with (
        subprocess.Popen(["python3", "-c", PLAYED], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL) as made,
        subprocess.Popen(
            ["pacat", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le"], stdin=made.stdout
        ) as player,
    ):  # fmt: skip
        yield
        player.terminate()
        made.terminate()


def heard(source: Input, n_blocks: int) -> tuple[int, np.ndarray[tuple[int], np.dtype[np.int16]]]:
    """Return some blocks of what a source gives, without the silence before them."""
    with source.opened() as (rate_hz, blocks):
        sounding = (one for one in blocks if level_db(one) > FLOOR_DB)
        return rate_hz, np.concatenate(list(islice(sounding, n_blocks)))


@pytest.fixture
def listed_before() -> None:
    """List what can be recorded from while there is no sound server yet."""
    sources.inputs()


def test_what_the_computer_plays_is_an_input_beside_the_microphone(
    listed_before: None, tone: None
) -> None:
    microphone, own = sources.inputs()[:2]
    assert (microphone.name, own.name) == ("Microphone", "What this computer plays")
    rate_hz, samples = heard(own, 6)
    levels = np.abs(np.fft.rfft(samples[len(samples) // 2 :]))
    assert np.argmax(levels) * 2 * rate_hz / len(samples) == pytest.approx(TONE_HZ, abs=20)
    assert "PULSE_SOURCE" not in os.environ
    with microphone.opened() as (_, blocks):
        assert {level_db(one) for one in islice(blocks, 4)} == {FLOOR_DB}


LISTED_AT_ONCE = """
import sys, threading
from clients.desktop import sources
threads = [threading.Thread(target=sources.inputs) for _ in range(12)]
for one in threads: one.start()
for one in threads: one.join()
print("heard", file=sys.stderr)
"""


def test_inputs_are_listed_by_several_threads_and_nothing_but_complaints_is_silenced() -> None:
    command = [sys.executable, "-c", LISTED_AT_ONCE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "heard\n")


def test_without_a_microphone_that_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setattr(sources, "_OWN_SOUND", ())
    with pytest.raises(NoSoundError, match=r"^No microphone can be opened \("):
        heard(Input("x", device=10_000), 1)


def test_without_portaudio_the_client_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    sources.inputs()
    with pytest.raises(NoSoundError, match="install PortAudio"):
        heard(sources.MICROPHONE, 1)
