"""Processor time of decoding, measured against the sound that it gives.

A file can be made, or damaged, so that a decoder works for long and gives little. Decoders take a
hundredth of a second for a second of sound; what takes twenty times as long is given up.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import thread_time

from fpcore.audio.decoding import DecodedBlock
from fpcore.audio.limits import AudioLimits, AudioRefusedError


class AudioTooSlowError(AudioRefusedError):
    """Audio that takes too much processor time to decode."""


class Effort:
    """What one file has taken of the processor so far, and the seconds of sound it gave.

    Only the time inside the decoders counts, not that of who uses their blocks.

    Parameters
    ----------
    limits : AudioLimits
        How much may be taken.
    """

    def __init__(self, limits: AudioLimits) -> None:
        self._limits = limits
        self._decoded_s = 0.0
        self._spent_s = 0.0
        self._resumed_at_s = 0.0

    def measured(self, blocks: Iterator[DecodedBlock]) -> Iterator[DecodedBlock]:
        """Yield ``blocks``, and count what they take; raise as `check` before any of them."""
        while True:
            self._refuse(self._spent_s)
            self._resumed_at_s = thread_time()
            try:
                block = next(blocks)
            except StopIteration:
                return
            finally:
                self._spent_s += thread_time() - self._resumed_at_s
            self._decoded_s += block.n_frames / block.sample_rate_hz
            yield block

    def check(self) -> None:
        """Raise `AudioTooSlowError` when too much was taken; decoders call it as they work."""
        self._refuse(self._spent_s + thread_time() - self._resumed_at_s)

    def _refuse(self, spent_s: float) -> None:
        limits = self._limits
        if spent_s > limits.max_cpu_s + limits.max_cpu_share * self._decoded_s:
            raise AudioTooSlowError(
                f"takes too long to decode, {spent_s:.1f} s of processor time for "
                f"{self._decoded_s:.1f} s of sound: it is most likely damaged, use another copy"
            )
