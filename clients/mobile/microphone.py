"""Microphone: a recording through Flet's audio recorder, as the microphone hears it.

What phones do to voices, cancelling echo, noise and differences of level, would change music, so
all of it is off.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from flet_audio_recorder import (
    AndroidAudioSource,
    AndroidRecorderConfiguration,
    AudioEncoder,
    AudioRecorder,
    AudioRecorderConfiguration,
    AudioRecorderStreamEvent,
)

from clients.mobile.recording import RATE_HZ, Take
from clients.mobile.words import MicrophoneError

BEGIN_S = 30.0
"""How long is waited for the microphone, which somebody may have to allow."""

STALL_S = 5.0
"""How long is waited for the next samples."""

_UNUSABLE = "no microphone can be used: connect one, open this page over HTTPS, and record again"

CONFIGURATION = AudioRecorderConfiguration(
    encoder=AudioEncoder.PCM16BITS,
    sample_rate=RATE_HZ,
    channels=1,
    cancel_echo=False,
    suppress_noise=False,
    auto_gain=False,
    android_configuration=AndroidRecorderConfiguration(
        audio_source=AndroidAudioSource.UNPROCESSED, manage_bluetooth=False
    ),
)


class Microphone:
    """The microphone of the device that shows the page.

    ``recorder`` is Flet's service, which has to be one of the page's.
    """

    def __init__(self) -> None:
        self.recorder = AudioRecorder(configuration=CONFIGURATION, on_stream=self._hear)
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()

    async def record(self, into: Take, heard: Callable[[], None], stopped: asyncio.Event) -> None:
        """Record until a recording is whole or stopped.

        Parameters
        ----------
        into : Take
            What takes the samples.
        heard : callable
            Called whenever it has taken some.
        stopped : asyncio.Event
            Set to end it before.

        Raises
        ------
        MicrophoneError
            When nothing can be recorded.
        """
        self._chunks = asyncio.Queue()
        await self._begin(stopped)
        try:
            while not (into.is_whole or stopped.is_set()):
                into.add(await asyncio.wait_for(self._chunks.get(), STALL_S))
                heard()
        except TimeoutError:
            raise MicrophoneError(
                "no sound comes from the microphone: look whether another app uses it, and record "
                "again"
            ) from None
        finally:
            with contextlib.suppress(Exception):  # what was recorded is there whatever it says
                await self.recorder.stop_recording()
        if into.is_silent and not stopped.is_set():
            raise MicrophoneError("the microphone is silent: switch it on, and record again")

    async def _begin(self, stopped: asyncio.Event) -> None:
        """Wait until something is recorded: whoever is asked for the microphone may take a while.

        Where a browser fails to open a microphone that it may use, Flet does not answer at all.
        """
        starting = asyncio.ensure_future(self.recorder.start_recording())
        stopping = asyncio.ensure_future(stopped.wait())
        await asyncio.wait(
            {starting, stopping}, timeout=BEGIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        stopping.cancel()
        if not starting.done():
            starting.cancel()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.recorder.cancel_recording(), STALL_S)
            if stopped.is_set():
                return
            raise MicrophoneError(_UNUSABLE)
        try:
            is_begun = starting.result()
        except Exception as error:  # Flet tells all that Flutter's side raises as RuntimeError
            raise MicrophoneError(_UNUSABLE) from error
        if not is_begun:
            raise MicrophoneError(
                "the microphone may not be used: allow it for this page or app, and record again"
            )

    def _hear(self, event: AudioRecorderStreamEvent) -> None:
        self._chunks.put_nowait(event.chunk)
