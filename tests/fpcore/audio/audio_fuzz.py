"""Decode many damaged copies of audio files; run as a program, since a decoder might crash.

``python audio_fuzz.py COPIES FILE…`` exits with 0 when every copy was decoded or refused with
an `AudioError`, and prints how many of each as JSON, by file name. Warnings are errors.
"""

from __future__ import annotations

import io
import json
import random
import sys
import warnings
from pathlib import Path

import numpy as np

from fpcore import audio
from fpcore.errors import AudioError

HEADER_BYTES = 96


def damage(content: bytes, rng: random.Random) -> bytes:
    """Return ``content`` with one kind of damage, half of the time in its header."""
    damaged = bytearray(content)
    end = HEADER_BYTES if rng.random() < 0.5 else len(content)
    start = rng.randrange(end)
    length = rng.choice((1, 2, 4, 30, 500))
    match rng.randrange(6):
        case 0:
            for _ in range(rng.randrange(1, 20)):
                damaged[rng.randrange(end)] ^= 1 << rng.randrange(8)
        case 1:
            damaged[start : start + length] = rng.randbytes(length)
        case 2:
            damaged[start : start + length] = rng.choice((b"\0", b"\xff", b"\x7f")) * length
        case 3:
            del damaged[start : start + length]
        case 4:
            damaged[start:start] = damaged[max(0, start - length) : start + length]
        case _:
            del damaged[rng.randrange(len(content)) :]
    return bytes(damaged)


def outcome(content: bytes) -> str:
    """Return whether ``content`` was decoded, to finite samples, or refused."""
    limits = audio.AudioLimits(max_duration_s=30.0)
    try:
        for block in audio.decode_blocks(io.BytesIO(content), sample_rate_hz=8_000, limits=limits):
            if not np.isfinite(block).all():
                raise SystemExit("a block holds samples that are not finite")
    except AudioError as error:
        if not str(error).startswith("uploaded audio: ") or "\n" in str(error):
            raise SystemExit(f"not one sentence: {error}") from None
        return "refused"
    return "decoded"


def main(n_copies: int, paths: list[Path]) -> None:
    """Print the outcomes over ``n_copies`` damaged copies of each file."""
    warnings.simplefilter("error")
    outcomes = {}
    for path in paths:
        rng = random.Random(f"{path.name} 1")
        content = path.read_bytes()
        found = [outcome(damage(content, rng)) for _ in range(n_copies)]
        outcomes[path.name] = {kind: found.count(kind) for kind in ("decoded", "refused")}
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
