"""Audio fingerprinting: from a recording to a constellation, to hashes, to the song it is.

`Library` learns songs and recognises recordings of them; everything it does is a plain
function of one of the stages (`fpcore.spectrogram`, `fpcore.peaks`, `fpcore.landmarks`,
`fpcore.hashing`, `fpcore.matching`, `fpcore.verification`, `fpcore.decision`), composed in
`fpcore.pipeline` and `fpcore.recognition`.
"""

from fpcore.config import FingerprintConfig, Profile, QueryConfig
from fpcore.errors import FpError
from fpcore.library import Library
from fpcore.profiles import load_profile
from fpcore.records import Appearance, Match, Recognition, Signal

__all__ = [
    "Appearance",
    "FingerprintConfig",
    "FpError",
    "Library",
    "Match",
    "Profile",
    "QueryConfig",
    "Recognition",
    "Signal",
    "load_profile",
]
