"""audfprint as a system under comparison, in its port audfprint2 [1]_.

It is used as its own command line uses it: every setting but density and fan-out is the
command's default, among them four shifts of a query, at least five votes for a match, and a
table of 2^20 buckets of 100 postings that is saved as a compressed pickle. Only decoding is
not its own: it would start FFmpeg, which may be missing and would run beside it on another
core, so it is given the samples that this project's decoder returns at its rate. Scores are
numbers of votes.

References
----------
.. [1] D. Ellis, "Robust landmark-based audio fingerprinting", 2009, and the program audfprint;
   https://pypi.org/project/audfprint2/
"""

from __future__ import annotations

import gzip
import importlib.util
import random
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from experiments.errors import RunError
from experiments.studies.peers.contract import INDEX, NO_ANSWER, Answer, warm_up_noise
from fpcore import atomic, audio
from fpcore.records import FloatArray

FAMILY = "audfprint"
PACKAGE = "audfprint2"

_KEPT = "songs"
"""Name of the folder that keeps the hashes of songs over a crash, until the table is saved."""


@dataclass(frozen=True)
class AudfprintSpec:
    """audfprint at a density (hashes a second that its author aims at) and a fan-out."""

    density: float
    fan_out: int

    @property
    def name(self) -> str:
        """The system's name, such as "audfprint 20/3"."""
        return f"{FAMILY} {self.density:g}/{self.fan_out}"

    @property
    def family(self) -> str:
        """Name of the program, which all densities share."""
        return FAMILY

    def describe(self) -> dict[str, Any]:
        """Return version, density and fan-out."""
        settings = {"density": self.density, "fan_out": self.fan_out}
        return {"family": FAMILY, "version": metadata.version(PACKAGE), **settings}

    def check(self) -> None:
        """Raise `RunError` when the package is missing."""
        if importlib.util.find_spec(PACKAGE) is None:
            raise RunError(
                f'{FAMILY} is not installed: `pip install "fpworkbench[peers]"` installs it'
            )

    def open(self, folder: Path) -> Audfprint:
        """Open the table in a folder, or make one of the songs that were analysed before."""
        return Audfprint(self, folder)


class Audfprint:
    """audfprint's analyzers for songs and for queries, its matcher and its table."""

    def __init__(self, spec: AudfprintSpec, folder: Path) -> None:
        from audfprint2 import cli
        from audfprint2.core.hash_table import HashTable

        self._table_file = folder / INDEX / "table.pklz"
        self._kept = folder / _KEPT
        for needed in (self._table_file.parent, self._kept):
            needed.mkdir(parents=True, exist_ok=True)
        given = ["--density", str(spec.density), "--fanout", str(spec.fan_out)]
        settings = cli.parse_args(["match", *given])
        self._rate_hz = settings.samplerate
        self._song_analyzer = self._analyzer(settings, is_match=False)
        self._query_analyzer = self._analyzer(settings, is_match=True)
        self._matcher = cli.setup_matcher(
            match_win=settings.match_win,
            search_depth=settings.search_depth,
            min_count=settings.min_count,
            max_matches=settings.max_matches,
            exact_count=settings.exact_count,
            find_time_range=settings.find_time_range,
            time_quantile=settings.time_quantile,
            sortbytime=settings.sortbytime,
            illustrate=settings.illustrate,
            illustrate_hpf=settings.illustrate_hpf,
        )
        random.seed(0)  # a full bucket drops postings at random
        if self._table_file.is_file():
            self._table = HashTable(str(self._table_file))
        else:
            self._table = HashTable(
                hashbits=settings.hashbits, depth=settings.bucketsize, maxtime=settings.maxtime
            )
            self._table.params["samplerate"] = self._rate_hz
            self._restore()

    @staticmethod
    def _analyzer(settings: Any, *, is_match: bool) -> Any:
        from audfprint2 import cli

        return cli.setup_analyzer(
            density=settings.density,
            is_match=is_match,
            pks_per_frame=settings.pks_per_frame,
            fanout=settings.fanout,
            freq_sd=settings.freq_sd,
            shifts=settings.shifts,
            samplerate=settings.samplerate,
            continue_on_error=settings.continue_on_error,
            ffmpeg_path=None,
        )

    def _restore(self) -> None:
        for file in sorted(self._kept.glob("*.npz")):
            with np.load(file) as content:
                self._store(str(content["name"]), content["hashes"])

    def _store(self, name: str, hashes: Any) -> None:
        self._table.store(name, [(time, token) for time, token in hashes.tolist()])

    def _hashes(self, analyzer: Any, samples: FloatArray) -> Any:
        """Return what an analyzer makes of samples, which it takes for those of a file."""
        from audfprint2.utils import audio as reading

        def read(*_: object, **__: object) -> tuple[FloatArray, int]:
            return samples, self._rate_hz

        reading.audio_read = read
        return analyzer.wavfile2hashes("samples")

    def songs(self) -> frozenset[str]:
        """Return the names of the songs in the table; all of them are on the disk too."""
        return frozenset(name for name in self._table.names if name is not None)

    def warm_up(self) -> None:
        """Analyse some noise."""
        self._hashes(self._query_analyzer, warm_up_noise(self._rate_hz))

    def decode(self, path: Path) -> FloatArray:
        """Return the samples of a file at audfprint's rate, float32 (n,)."""
        return audio.load(path, sample_rate_hz=self._rate_hz).samples

    def learn(self, name: str, samples: FloatArray) -> None:
        """Add a song to the table, and write its hashes to a file of their own."""
        hashes = self._hashes(self._song_analyzer, samples)
        self._store(name, hashes)
        file = self._kept / f"{len(self._table.names):06d}.npz"
        with atomic.opened(file) as stream:
            np.savez(stream, name=np.array(name), hashes=hashes)

    def save(self) -> int:
        """Write the table; return the number of postings in it: those it dropped do not count."""
        with atomic.opened(self._table_file) as stream, gzip.open(stream, "wb") as packed:
            self._table.save_pkl(str(self._table_file), file_object=cast(IO[bytes], packed))
        return int(np.minimum(self._table.counts, self._table.depth).sum())

    def ask(self, path: Path) -> Answer:
        """Return which song the recording in a file is of, from the number of votes."""
        hashes = self._hashes(self._query_analyzer, self.decode(path))
        found = self._matcher.match_hashes(self._table, hashes)
        if not len(found):
            return NO_ANSWER
        song, votes, offset_frames = (int(value) for value in found[0][:3])
        hop_s = self._query_analyzer.n_hop / self._rate_hz
        name = self._table.names[song]
        # Whatever its command finds at all, it reports as a match.
        return Answer(str(name), float(votes), accepted=True, offset_s=offset_frames * hop_s)

    def close(self) -> None:
        """Do nothing: the table is gone when the process ends."""
