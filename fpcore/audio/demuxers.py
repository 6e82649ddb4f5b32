"""FFmpeg's demuxers that are allowed, and how far each is to be believed.

A demuxer that may read freely can open other files: playlists do. Those that are allowed read
files that hold their own sound.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from av.audio.stream import AudioStream
from av.container import InputContainer

_LENGTH_TOLERANCE_S = 1.0
"""Lossy lengths are stated to a frame, to a page of an Ogg file, or to a millisecond that includes
the encoder's delay. Every player plays a file that lacks the last one."""

_FRAME_S = 0.1
_EXACT = 0.0


class Demuxer(NamedTuple):
    """What is known of a demuxer's files.

    Parameters
    ----------
    clock_tolerance_s : float or None
        How far the container's clock may be from the count of samples: times in Matroska are whole
        milliseconds, and those of what was recorded live are uneven. None where there is no clock.
    is_numbered : bool
        Whether frames or pages count the samples before them: a hole means that one is lost.
    keeps_start : bool
        Whether the clock begins with the recording, even if the sound begins later.
    longest_hole_s : float
        A jump ahead that is longer is another clock that was set, as where two broadcasts meet.
    states_length : bool
        Whether the length of a stream comes from a header and not from a guess.
    length_tolerance_s : float
        How much may lack of that length; 0 stands for half a sample.
    is_bare : bool
        Whether it is a stream without a container, where tags may stand between joined files and
        anything after the last frame.
    """

    clock_tolerance_s: float | None = None
    is_numbered: bool = False
    keeps_start: bool = False
    longest_hole_s: float = inf
    states_length: bool = False
    length_tolerance_s: float = _LENGTH_TOLERANCE_S
    is_bare: bool = False


_SAMPLES = Demuxer(states_length=True, length_tolerance_s=_EXACT)
_PACKED = Demuxer(
    0.001, is_numbered=True, states_length=True, length_tolerance_s=_EXACT, is_bare=True
)
_BARE = Demuxer(is_bare=True)
_PLAIN = Demuxer()
_CLOCKED = Demuxer(_FRAME_S, keeps_start=True)
_BROADCAST = _CLOCKED._replace(longest_hole_s=10.0)

_ALLOWED = {
    **dict.fromkeys(("wav", "w64", "aiff", "au"), _SAMPLES),
    **dict.fromkeys(
        ("caf", "dsf", "voc", "nistsphere", "ircam", "iff", "pvf", "epaf", "avr", "sox"), _PLAIN
    ),
    "flac": _PACKED._replace(is_bare=False),
    **dict.fromkeys(("wv", "tta"), _PACKED),
    **dict.fromkeys(("tak", "ape", "shn", "osq", "mpc", "mpc8", "oma", "aea", "qcp"), _PLAIN),
    **dict.fromkeys(("qoa", "xwma", "avi", "rm", "mxf", "gxf", "wtv"), _PLAIN),
    **dict.fromkeys(("mp3", "aac", "loas", "ac3", "eac3", "dts", "dtshd", "amr"), _BARE),
    **dict.fromkeys(("truehd", "mlp"), _BARE),
    "ogg": Demuxer(_FRAME_S, is_numbered=True, states_length=True),
    "mov": _CLOCKED._replace(states_length=True),
    "matroska": _CLOCKED,
    **dict.fromkeys(("asf", "flv", "nut"), _CLOCKED),
    **dict.fromkeys(("mpegts", "mpeg"), _BROADCAST),
}

WHITELIST = ",".join(_ALLOWED)
"""The allowed demuxers as FFmpeg's option ``format_whitelist``."""


def name_of(container: InputContainer) -> str:
    """Return the first name of the demuxer: "mov" for "mov,mp4,m4a,3gp,3g2,mj2"."""
    return container.format.name.split(",")[0]


def demuxer_of(container: InputContainer) -> Demuxer:
    """Return what is known of the demuxer that opened a file."""
    return _ALLOWED.get(name_of(container), _PLAIN)


def end_s(container: InputContainer, stream: AudioStream, *, states_duration: bool) -> float | None:
    """Return when a stream ends by the container's clock, None where that is a guess.

    Parameters
    ----------
    container : InputContainer
        The open file.
    stream : AudioStream
        A stream of it.
    states_duration : bool
        Whether the header of a Matroska file states a duration; FFmpeg guesses one if not.
    """
    name = name_of(container)
    if name in {"matroska", "flv"}:
        # The container's length is that of its longest stream.
        is_its_own = len(container.streams) == 1 and (states_duration or name == "flv")
        return container.duration / 1e6 if is_its_own and container.duration else None
    if stream.duration is None or stream.time_base is None:
        return None
    if name == "mov":
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    is_known = demuxer_of(container).states_length
    return float(stream.duration * stream.time_base) if is_known else None


def start_s(container: InputContainer) -> float:
    """Return what the clock says at the begin of the recording.

    That is 0 as a rule; what is broadcast goes by a clock that was set before.
    """
    is_broadcast = demuxer_of(container) is _BROADCAST
    return (container.start_time or 0) / 1e6 if is_broadcast else 0.0
