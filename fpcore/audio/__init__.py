"""Decoding: any supported audio file to mono float32 samples at one sample rate.

Memory is bounded by a few blocks. Conventions of the package:

* Channels are averaged, then resampled by soxr; the first sample is at time 0 of the audio. Where
  the average would lose the music, channels that oppose the others are reversed before, and those
  of loud noise left out; who asks is told of it (`fpcore.records.Remixed`).
* The encoder's delay and padding are removed as far as the container states them: MP3 with a
  LAME tag, M4A with an edit list, Ogg, Opus and WebM. Bare AAC, fragmented MP4 and MP3 without
  the tag do not state them and start some 25 ms late.
* Bytes decide what a file is, never its name; no other file is ever opened on a file's behalf.
* A file is decoded whole and without a fault, or refused with one sentence; who asks for it gets
  the audio before the fault, and after it where there is any, and is told of it
  (`fpcore.records.Cut`). Whatever states its length (FLAC, WAV, M4A, WebM, MP3 with a LAME tag)
  is refused when it is cut; an Ogg file unless it ends with a page. What states no length (bare
  MP3, AAC, AC-3 or AMR, MPEG-TS, MPEG-PS, WMA) is refused when it ends inside a frame or packet
  (`fpcore.audio.frames`); cut between two of them, or as a live WebM, it looks like a shorter
  file, and is taken as one. Damage inside is noticed where the format carries check sums (FLAC,
  Ogg) or the decoder stumbles over it, and cannot be in a WAV.
"""

from __future__ import annotations

from fpcore.audio.blocks import decode_blocks, load
from fpcore.audio.discovery import SUPPORTED_SUFFIXES, PassedOver, find_audio_files
from fpcore.audio.first_sound import load_from_first_sound
from fpcore.audio.limits import AudioLimits
from fpcore.audio.resample import ResamplerName
from fpcore.audio.sources import checksum

__all__ = [
    "SUPPORTED_SUFFIXES",
    "AudioLimits",
    "PassedOver",
    "ResamplerName",
    "checksum",
    "decode_blocks",
    "find_audio_files",
    "load",
    "load_from_first_sound",
]
