"""Compile the kernels into the cache, which every process of the tests would else do by itself."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from fpcore import Library
from fpcore.profiles import load_profile
from tests.fpcore import synthetic

RATE_HZ = 22_050


def main() -> None:
    """Learn a song, and ask for it and for a stranger, which goes through every pass."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, f"{seed}.wav") for seed in range(2)]
        for seed, file in enumerate(files):
            soundfile.write(file, synthetic.music(12, RATE_HZ, seed), RATE_HZ)
        index = Path(folder, "index.db")
        with Library.open(index, load_profile("balanced"), create=True) as library:
            library.learn(files[0])
            library.store.make_snapshot()
            for file in files:
                library.recognize(file)


if __name__ == "__main__":
    main()
