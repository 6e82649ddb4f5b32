"""A browser whose microphone hears a real track in a crowd, and a service that knows the track."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import immich_memories_music
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from playwright.sync_api import Browser, Playwright

from experiments.degradations.babble import add_babble
from experiments.degradations.config import Babble
from fpcore.records import Signal
from tests.api.material import learn, wav
from tests.api.page.browsing import MICROPHONE_ALLOWED, Microphone, launch
from tests.api.page.conftest import playwright, program  # noqa: F401
from tests.api.server import Server

TRACK = "A real track"
TRACK_S = 45.0
HEARD_FROM_S = 12.0


@pytest.fixture(scope="module")
def track() -> tuple[NDArray[np.float32], int]:
    """The first part of a track that someone made, of one channel, and its rate."""
    folder = Path(immich_memories_music.__file__).parent
    path = min(folder.rglob("*.opus"))
    with soundfile.SoundFile(path) as file:
        samples = file.read(round(TRACK_S * file.samplerate), dtype="float32", always_2d=True)
        return samples.mean(axis=1), file.samplerate


@pytest.fixture(scope="module")
def microphone(
    track: tuple[NDArray[np.float32], int], tmp_path_factory: pytest.TempPathFactory
) -> Microphone:
    """What plays the track from `HEARD_FROM_S` on, with babble as loud as it is."""
    samples, rate_hz = track
    clean = Signal(samples[round(HEARD_FROM_S * rate_hz) :], rate_hz)
    noisy = add_babble(
        clean, Babble(talkers="synthetic", snr_db=0), np.random.default_rng(1), {}
    ).samples
    made = Microphone(tmp_path_factory.mktemp("microphone") / "heard.wav")
    made.play(0.5 * noisy / np.abs(noisy).max(), rate_hz)
    return made


@pytest.fixture(scope="module")
def browser(playwright: Playwright, program: str, microphone: Microphone) -> Iterator[Browser]:  # noqa: F811
    with launch(playwright, program, microphone, MICROPHONE_ALLOWED) as started:
        yield started


class Service:
    """A service that knows `TRACK`, under one address, also after it was stopped.

    Parameters
    ----------
    folder : Path
        Of its index.
    content : bytes
        The track as a WAV file.
    """

    def __init__(self, folder: Path, content: bytes) -> None:
        self._folder = folder
        self.server = Server(folder)
        with self.server.client() as client:
            learn(client, content, TRACK).raise_for_status()

    def start(self) -> None:
        """Start it again where it was."""
        self.server = Server(self._folder, port=self.server.port)


@pytest.fixture(scope="module")
def service(
    track: tuple[NDArray[np.float32], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FPMOBILE_FOLDER", str(folder / "kept"))
        made = Service(folder, wav(*track))
        yield made
        made.server.stop()
