"""Imports of the process that the decoding processes are forked from; no other imports this.

They load the decoders and run the pipeline once, so that every process, a replacement too,
starts with all compiled code at hand and shares its memory.
"""

from __future__ import annotations

from fpcore.audio import pyav_decoder
from fpcore.profiles import load_profile
from fpcore.warmup import noise_query

__all__ = ["pyav_decoder"]

_profile = load_profile()
noise_query(_profile.fingerprint, _profile.query)
