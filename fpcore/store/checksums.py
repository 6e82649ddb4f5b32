"""Checksum of what an index weighs of a song: its postings and its constellation.

It has two uses. It tells whether they are still what was learned. And since the same audio
gives the same fingerprint, it finds a song again whose file has other tags or another container.
"""

from __future__ import annotations

from hashlib import sha256

from fpcore.records import Constellation, IntArray, LongArray
from fpcore.store.codec import octets_of


def fingerprint_checksum(
    token: LongArray, frame: IntArray | LongArray, peaks: Constellation
) -> str:
    """Return the SHA-256 of a song's postings and its constellation, in hexadecimal.

    Parameters
    ----------
    token : int64 (n,)
        Packed tokens of the postings, sorted by (token, frame), without repeated pairs.
    frame : int32 or int64 (n,)
        Their frames.
    peaks : Constellation
        The song's kept peaks; their levels count as a store rounds them.

    Returns
    -------
    str
        64 digits.
    """
    digest = sha256(len(token).to_bytes(8, "little"))
    digest.update(token.astype("<i8").tobytes())
    digest.update(frame.astype("<i8").tobytes())
    digest.update(octets_of(peaks))
    return digest.hexdigest()
