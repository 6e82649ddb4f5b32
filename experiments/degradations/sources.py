"""Audio files that degradations draw from: background recordings, speech, rooms.

A degradation names its source; a mapping from names to files, made by whoever runs the
experiment, says where these are. Files are drawn by their place in the mapping, so its order is
part of what makes a run repeatable.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock

from fpcore import audio
from fpcore.errors import ConfigError
from fpcore.records import FloatArray

Sources = Mapping[str, Sequence[Path]]

_CACHE_BYTES = 256 * 2**20


def files(sources: Sources, name: str) -> Sequence[Path]:
    """Return the files of the source ``name``.

    Raises
    ------
    ConfigError
        When there is no such source, or no file in it.
    """
    if name not in sources:
        known = ", ".join(sorted(sources)) or "none"
        raise ConfigError(
            f"a degradation draws from the source {name!r}, which is not given (given: {known}): "
            "name a folder of audio files for it"
        )
    if not sources[name]:
        raise ConfigError(f"the source {name!r} holds no audio file: name a folder that does")
    return sources[name]


def samples(path: Path, sample_rate_hz: int) -> FloatArray:
    """Return a file's audio as float32 (n,) at ``sample_rate_hz``; recently used ones are kept.

    Raises
    ------
    AudioError
        When the file cannot be decoded.
    """
    return _CACHE.get(path, sample_rate_hz)


def file_checksums(sources: Sources) -> dict[Path, str]:
    """Return the SHA-256 of each file of each source as it is now, in hexadecimal.

    Raises
    ------
    AudioError
        When a file cannot be read.
    """
    return {path: _checksum(path, *_version(path)) for paths in sources.values() for path in paths}


def checksums(sources: Sources, of_files: Mapping[Path, str]) -> dict[str, str]:
    """Return for each source the SHA-256, in hexadecimal, of what its files hold, in order.

    Parameters
    ----------
    sources : Sources
        The sources.
    of_files : mapping of Path to str
        What `file_checksums` returned for them.
    """
    joined = {name: "\n".join(of_files[path] for path in paths) for name, paths in sources.items()}
    return {name: hashlib.sha256(joined[name].encode()).hexdigest() for name in sorted(joined)}


@cache
def _checksum(path: Path, mtime_ns: int, ctime_ns: int, size: int) -> str:
    """Return the checksum of a file, read once in this process while it stays unchanged."""
    return audio.checksum(path)


class DecodedFiles:
    """The most recently used decoded files, up to a number of bytes; safe between threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._held: OrderedDict[tuple[Path, int, int, int, int], FloatArray] = OrderedDict()
        self._lock = Lock()

    def get(self, path: Path, sample_rate_hz: int) -> FloatArray:
        """Return the audio of ``path``, decoded at most once while it stays unchanged."""
        key = (path, *_version(path), sample_rate_hz)
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        decoded = audio.load(path, sample_rate_hz=sample_rate_hz).samples
        with self._lock:
            if key not in self._held:
                self._held[key] = decoded
                self._n_bytes += decoded.nbytes
            while self._n_bytes > self._max_bytes:
                self._n_bytes -= self._held.popitem(last=False)[1].nbytes
        return decoded


def _version(path: Path) -> tuple[int, int, int]:
    """Return times of change and size of a file; zeros where there is none, for `load` to say.

    The second time is the system's own, which no program that copies files sets back.
    """
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size


_CACHE = DecodedFiles(_CACHE_BYTES)
