"""Recording: samples of the microphone on their way to a WAV file.

Samples are signed 16-bit integers, little-endian, of one channel. A browser records at a rate of
its own, which it tells before the samples (``static/record.worklet.js``): `MARK`, and the rate in
hertz as an unsigned 32-bit integer, little-endian. A phone is told to record at `RATE_HZ`.
"""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array

RATE_HZ = 44_100
"""The one rate that every phone's microphone has."""

MARK = b"fpmr"

RECORDING_S = 10

SILENT_DB = -60.0
"""What is shown of a level below this is nothing."""


class Take:
    """A recording while it is made.

    Parameters
    ----------
    duration_s : float
        How long it becomes; what comes after that is left out.
    """

    def __init__(self, duration_s: float = RECORDING_S) -> None:
        self._duration_s = duration_s
        self._content = bytearray()
        self.rate_hz = RATE_HZ
        self.level_db = SILENT_DB

    def add(self, chunk: bytes) -> None:
        """Take samples, of which `level_db` tells then: their root mean square to full scale."""
        if len(chunk) == 8 and chunk.startswith(MARK):
            self.rate_hz = int.from_bytes(chunk[4:], "little")
            return
        self._content += chunk[: self._n_bytes - len(self._content)]
        self.level_db = level_db(chunk)

    @property
    def so_far_s(self) -> float:
        """How long it is by now."""
        return len(self._content) / (2 * self.rate_hz)

    @property
    def is_whole(self) -> bool:
        """Whether it is as long as it becomes."""
        return len(self._content) >= self._n_bytes

    @property
    def is_silent(self) -> bool:
        """Whether every sample is zero: a microphone that is switched off, or not lent."""
        return not any(self._content)

    @property
    def _n_bytes(self) -> int:
        """How many bytes it becomes."""
        return 2 * round(self._duration_s * self.rate_hz)

    def wav(self) -> bytes:
        """Return what there is of it as a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(self.rate_hz)
            written.writeframes(bytes(self._content[: len(self._content) // 2 * 2]))
        return file.getvalue()


def level_db(chunk: bytes) -> float:
    """Return the root mean square of samples to full scale, in decibels, at least `SILENT_DB`.

    >>> level_db(bytes(8)), round(level_db(b"\\x00\\x40" * 4))
    (-60.0, -6)
    """
    samples = array("h", chunk[: len(chunk) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    if not samples:
        return SILENT_DB
    power = sum(sample * sample for sample in samples) / len(samples) / 32768**2
    return max(SILENT_DB, 10 * math.log10(power)) if power else SILENT_DB
