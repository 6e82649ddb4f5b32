"""The microphone is asked for as it hears, and whatever it does is told in one sentence."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from clients.mobile import microphone
from clients.mobile.microphone import CONFIGURATION, Microphone
from clients.mobile.recording import RATE_HZ, Take
from clients.mobile.words import MicrophoneError

LOUD = struct.pack("<h", 9000) * (RATE_HZ // 10)


def test_what_phones_do_to_voices_is_off() -> None:
    assert not CONFIGURATION.cancel_echo
    assert not CONFIGURATION.suppress_noise
    assert not CONFIGURATION.auto_gain
    assert (CONFIGURATION.channels, CONFIGURATION.sample_rate) == (1, RATE_HZ)


class Recorder:
    """Stands in for Flet's: begins as told, and hands over chunks."""

    def __init__(self, hear: Callable[[Any], None], begins: Any, chunks: list[bytes]) -> None:
        self._hear = hear
        self._begins = begins
        self._chunks = chunks
        self.is_stopped = False

    async def start_recording(self) -> bool:
        if isinstance(self._begins, Exception):
            raise self._begins
        for chunk in self._chunks:
            self._hear(SimpleNamespace(chunk=chunk))
        if self._begins is None:
            await asyncio.Event().wait()
        return bool(self._begins)

    async def cancel_recording(self) -> None:
        self.is_stopped = True

    async def stop_recording(self) -> None:
        self.is_stopped = True
        raise RuntimeError("it is gone")


def record(begins: Any, chunks: list[bytes], *, stop: bool = False) -> tuple[Take, Recorder]:
    async def run() -> tuple[Take, Recorder]:
        made = Microphone()
        recorder: Any = Recorder(made._hear, begins, chunks)
        made.recorder = recorder
        into, stopped = Take(duration_s=0.2), asyncio.Event()
        await made.record(into, stopped.set if stop else lambda: None, stopped)
        return into, recorder

    return asyncio.run(run())


def test_a_recording_is_made_of_what_comes() -> None:
    into, recorder = record(True, [LOUD] * 3)
    assert into.is_whole and recorder.is_stopped


def test_it_ends_when_it_is_stopped() -> None:
    into, recorder = record(True, [LOUD] * 3, stop=True)
    assert into.so_far_s == pytest.approx(0.1) and recorder.is_stopped


def test_a_microphone_that_is_not_lent_yet_is_not_waited_for_when_it_is_stopped() -> None:
    async def run() -> None:
        made, stopped = Microphone(), asyncio.Event()
        recorder: Any = Recorder(made._hear, None, [])
        made.recorder = recorder
        stopped.set()
        into = Take()
        await made.record(into, lambda: None, stopped)
        assert into.so_far_s == 0 and recorder.is_stopped

    asyncio.run(run())


@pytest.mark.parametrize(
    ("begins", "chunks", "told"),
    [
        (False, [], "may not be used: allow it"),
        (RuntimeError("TypeError: mediaDevices is null"), [], "no microphone can be used"),
        (None, [], "no microphone can be used"),
        (True, [LOUD], "no sound comes from the microphone"),
        (True, [bytes(len(LOUD))] * 2, "the microphone is silent"),
    ],
)
def test_a_microphone_that_gives_nothing_is_told(
    begins: Any, chunks: list[bytes], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microphone, "STALL_S", 0.01)
    if begins is None:
        monkeypatch.setattr(microphone, "BEGIN_S", 0.01)
    with pytest.raises(MicrophoneError, match=told):
        record(begins, chunks)
