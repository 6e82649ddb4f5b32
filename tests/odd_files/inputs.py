"""The odd files by name: every kind as it is, and each fault in the kinds that it concerns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tests.odd_files import faults, odd_streams
from tests.odd_files.kinds import KINDS, encoded


class Input(NamedTuple):
    """An odd file: how to make it, and the program that must be installed for that, if any."""

    make: Callable[[], bytes]
    program: str = ""

    @property
    def is_makeable(self) -> bool:
        """Whether the program is there."""
        return not self.program or shutil.which(self.program) is not None


CONTAINERS = (
    *("pcm16.wav", "float32.wav", "pcm16.w64", "pcm16.rf64", "pcm16.aiff", "pcm16.au"),
    *("pcm16.caf", "pcm16.voc", "pcm16.nist", "pcm16.8svx", "pcm16.avi", "mp3.avi", "dsd64.dsf"),
    *("pcm16.flac", "pcm16.oga", "alac.m4a", "wavpack.wv", "tta.tta", "flac.mka"),
    *("vorbis.ogg", "opus.opus", "opus.webm", "lame.mp3", "untagged.mp3", "adts.aac"),
    *("aac.m4a", "faststart.m4a", "fragmented.mp4", "mp3.mka", "mp2.ts", "mp2.mpg", "mp3.flv"),
    *("wmav2.wma", "ac3.ac3", "eac3.eac3", "aac.latm", "mp2.mp2", "amr.amr"),
)
"""One kind or more of each container, in which every common fault is tried."""

FAULTS = {
    "cut": faults.cut,
    "damaged": faults.damaged,
    "zeros inside": faults.zeroed,
    "junk before": faults.before(faults.noise(1000)),
    "junk after": faults.after(faults.noise(1000)),
    "header only": faults.header_only,
}

UNNOTICED = frozenset({"damaged", "zeros inside"})
"""Faults that nobody can tell from sound in a container of bare samples; WAV stands for all."""

SAMPLES_ALONE = frozenset(
    {"pcm16.w64", "pcm16.rf64", "pcm16.aiff", "pcm16.au", "pcm16.caf", "pcm16.voc", "pcm16.nist"}
    | {"pcm16.8svx", "pcm16.avi", "dsd64.dsf"}
)

JOINED = (
    *("pcm16.wav", "vorbis.ogg", "opus.opus", "lame.mp3", "untagged.mp3", "adts.aac", "mp2.ts"),
    *("ac3.ac3", "mp2.mp2", "amr.amr", "lame-tagged.mp3", "pcm16.au"),
)

OGG = ("vorbis.ogg", "opus.opus", "pcm16.oga")

SIZES = {
    "placeholder 0": faults.stated(0),
    "placeholder 2,000,000,000": faults.stated(2_000_000_000),
    "placeholder 0x7FFFF000 - 36": faults.stated(0x7FFF_F000 - 36),
    "placeholder 0xFFFFFFFF": faults.stated(0xFFFF_FFFF),
    "size + 1": faults.stated(more=1),
    "size - 1": faults.stated(more=-1),
    "size + 4096": faults.stated(more=4096),
    "size - 4096": faults.stated(more=-4096),
    "understated": faults.stated(400_000),
    "wrapped at 4 GiB": faults.stated(100_000),
}


def _of(kind: str, fault: faults.Fault = faults.whole) -> Input:
    return Input(lambda: fault(encoded(kind)), KINDS[kind].program)


def _of_kinds() -> dict[str, Input]:
    found = {kind: _of(kind) for kind in KINDS}
    for kind in CONTAINERS:
        known = UNNOTICED if kind in SAMPLES_ALONE else frozenset()
        found |= {f"{kind}, {f}": _of(kind, FAULTS[f]) for f in FAULTS if f not in known}
    found |= {f"{kind}, joined": _of(kind, faults.twice()) for kind in JOINED}
    found |= {f"pcm16.wav, {name}": _of("pcm16.wav", fault) for name, fault in SIZES.items()}
    return found


def _of_faults() -> dict[str, Input]:
    tags = {"ID3v1": faults.ID3V1, "ID3v2": faults.ID3V2, "APE": faults.APE}
    found = {f"untagged.mp3, {t} after": _of("untagged.mp3", faults.after(tags[t])) for t in tags}
    found |= {
        f"untagged.mp3, joined by {tag}": _of("untagged.mp3", faults.twice(tags[tag]))
        for tag in tags
    }
    found |= {f"wavpack.wv, {t} after": _of("wavpack.wv", faults.after(tags[t])) for t in tags}
    for name, tag in tags.items():
        found[f"amr.amr, {name} after"] = _of("amr.amr", faults.after(tag))
        found[f"amr.amr, joined by {name}"] = _of("amr.amr", faults.twice(tag))
        found[f"ac3.ac3, joined by {name}"] = _of("ac3.ac3", faults.twice(tag))
    found["eac3.eac3, joined by ID3v1"] = _of("eac3.eac3", faults.twice(faults.ID3V1))
    found |= {f"{kind}, empty end": _of(kind, faults.empty_end) for kind in OGG}
    found["pcm16.aiff, size + 8"] = _of("pcm16.aiff", faults.aiff_stated(more=8))
    found["pcm16.aiff, size - 8"] = _of("pcm16.aiff", faults.aiff_stated(more=-8))
    lyrics = faults.after(faults.LYRICS3 + faults.ID3V1)
    for kind in ("untagged.mp3", "amr.amr"):
        found[f"{kind}, LYRICS3 after"] = _of(kind, lyrics)
    for kind in ("adts.aac", "mp2.ts"):
        found[f"{kind}, zeros after"] = _of(kind, faults.after(bytes(3000)))
    unstated = faults.both(faults.au_unstated, faults.twice())
    found["pcm16.au, joined without sizes"] = _of("pcm16.au", unstated)
    for kind in ("untagged.mp3", "faststart.m4a"):
        found[f"{kind}, damaged and cut"] = _of(kind, faults.both(faults.damaged, faults.cut))
    for kind in ("aac.m4a", "opus.webm", "mp3.flv", "mp2.ts"):
        found[f"{kind}, 3 s late"] = _of(kind, faults.moved(late_s=3.0))
        found[f"{kind}, a hole"] = _of(kind, faults.moved(hole=True))
    return found


def _of_streams() -> dict[str, Input]:
    layout, chained = odd_streams.with_layout, odd_streams.chained
    makers = {
        **{f"pcm16.wav, {n} channels": layout("pcm16.wav", n_channels=n) for n in (1, 3, 4, 6, 8)},
        **{f"pcm16.flac, {n} channels": layout("pcm16.flac", n_channels=n) for n in (1, 6, 8)},
        **{f"aac.m4a, {n} channels": layout("aac.m4a", n_channels=n) for n in (1, 6)},
        **{
            f"pcm16.wav, {hz} Hz": layout("pcm16.wav", rate_hz=hz)
            for hz in (8_000, 11_025, 22_050, 44_100, 96_000, 192_000)
        },
        "vorbis.ogg, 8000 Hz": layout("vorbis.ogg", rate_hz=8_000),
        "Ogg, rates chained": chained(("vorbis.ogg", 44_100, 2), ("vorbis.ogg", 22_050, 2)),
        "Ogg, channels chained": chained(("vorbis.ogg", 48_000, 2), ("vorbis.ogg", 48_000, 1)),
        "Ogg, codecs chained": chained(
            ("vorbis.ogg", 44_100, 2), ("opus.opus", 48_000, 1), ("pcm16.oga", 44_100, 2)
        ),
        "pcm16.flac, silence first": odd_streams.after_silence("pcm16.flac", 70.0),
        "pcm16.wav, silence alone": odd_streams.silent("pcm16.wav"),
        "pcm16.wav, a channel reversed": odd_streams.reversed_channel,
        "float32.wav, some no numbers": odd_streams.with_damaged_numbers,
        "MP4, pictures and sound": odd_streams.with_picture(has_sound=True),
        "MP4, no audio stream": odd_streams.with_picture(has_sound=False),
        "untagged.mp3, a cover": odd_streams.with_cover,
        "Matroska, two audio streams": odd_streams.with_two_streams,
        "no bytes": partial(bytes, 0),
        "text": lambda: b"Nothing to hear in here.\n" * 200,
        "zeros": lambda: bytes(50_000),
    }
    return {name: Input(make) for name, make in makers.items()}


INPUTS = _of_kinds() | _of_faults() | _of_streams()
"""All odd files. Their names are those of the rows in `tests.odd_files.table`."""
