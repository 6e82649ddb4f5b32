"""Limits on what is accepted before and while a file is decoded.

Headers are believed only when they ask for more than is allowed. How long a file really is shows
while it is decoded: 72 KB of FLAC can hold ten hours of silence.
"""

from __future__ import annotations

from dataclasses import dataclass

from fpcore.errors import ConfigError


class AudioRefusedError(Exception):
    """Audio that no decoder shall try again; the text completes "<file>: …"."""


class UnknownKindError(AudioRefusedError):
    """What is no audio of any kind that can be read."""


class AudioTooLongError(AudioRefusedError):
    """Audio that goes on beyond the limit for one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLimits:
    """Bounds on one file.

    Parameters
    ----------
    max_duration_s : float
        Most seconds that may be decoded from one file.
    min_sample_rate_hz, max_sample_rate_hz : int
        Sample rates of the file that are taken seriously.
    max_channels : int
        Most channels; bounds the memory of a decoded block.
    max_level : float
        Largest magnitude of a mono sample, where 1 is full scale. Floating-point files may
        exceed full scale, but beyond this a squared spectrum would overflow float32.

    Raises
    ------
    ConfigError
        When a bound is not positive or the two sample rates contradict each other.
    """

    max_duration_s: float = 4 * 3600.0
    min_sample_rate_hz: int = 1_000
    max_sample_rate_hz: int = 768_000
    max_channels: int = 32
    max_level: float = 1e9
    max_cpu_s: float = 5.0
    max_cpu_share: float = 0.2

    def __post_init__(self) -> None:
        positive = ("max_duration_s", "min_sample_rate_hz", "max_channels", "max_level")
        for name in (*positive, "max_cpu_s", "max_cpu_share"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0, got {getattr(self, name)}")
        if self.max_sample_rate_hz < self.min_sample_rate_hz:
            raise ConfigError(
                "max_sample_rate_hz must not be below min_sample_rate_hz, "
                f"got {self.max_sample_rate_hz} < {self.min_sample_rate_hz}"
            )

    def check_layout(self, sample_rate_hz: int, n_channels: int) -> None:
        """Raise `AudioRefusedError` when sample rate or number of channels are out of bounds."""
        if not self.min_sample_rate_hz <= sample_rate_hz <= self.max_sample_rate_hz:
            raise AudioRefusedError(
                f"has a sample rate of {sample_rate_hz} Hz, outside the accepted "
                f"{self.min_sample_rate_hz} to {self.max_sample_rate_hz} Hz"
            )
        if not 1 <= n_channels <= self.max_channels:
            raise AudioRefusedError(
                f"has {n_channels} channels, of which 1 to {self.max_channels} are accepted"
            )

    def check_duration(self, duration_s: float) -> None:
        """Raise `AudioTooLongError` when there is more than one file may hold."""
        if duration_s > self.max_duration_s:
            raise AudioTooLongError(self.too_long)

    @property
    def too_long(self) -> str:
        """What is said of audio that lasts longer; it completes "<file>: …"."""
        return f"lasts longer than {_spoken(self.max_duration_s)}, the limit for one file: split it"


def _spoken(duration_s: float) -> str:
    """Return a duration in the largest unit that it fills, such as "4 h"."""
    for unit, length_s in (("h", 3600.0), ("min", 60.0)):
        if duration_s >= length_s:
            return f"{duration_s / length_s:g} {unit}"
    return f"{duration_s:g} s"
