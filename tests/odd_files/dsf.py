"""DSF files, which hold one bit for each sample, written by the plainest modulator there is."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from tests.audio_files import Samples

_OVERSAMPLING = 64
_BLOCK_BYTES = 4096


def write_dsf(path: Path, samples: Samples, rate_hz: int) -> None:
    """Write mono ``samples`` (n, 1) at 64 times their rate.

    Each bit says whether the running sum of the signal has passed another whole number.
    """
    held = np.repeat((samples[:, 0].astype(float) + 1) / 2, _OVERSAMPLING)
    bits = np.diff(np.floor(np.cumsum(held)), prepend=0.0) > 0
    content = np.packbits(bits, bitorder="little").tobytes()
    stored = content.ljust(-(-len(content) // _BLOCK_BYTES) * _BLOCK_BYTES, b"\x69")
    # Version, format, kind and number of channels, rate, bits, samples, block size, unused.
    layout = (1, 0, 1, 1, rate_hz * _OVERSAMPLING, 1, bits.size, _BLOCK_BYTES, 0)
    form = b"fmt " + struct.pack("<QIIIIIIQII", 52, *layout)
    data = b"data" + struct.pack("<Q", 12 + len(stored)) + stored
    head = b"DSD " + struct.pack("<QQQ", 28, 28 + len(form) + len(data), 0)
    path.write_bytes(head + form + data)
