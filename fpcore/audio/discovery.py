"""Discovery: the files under folders that hold audio, judged by their bytes, not by their names.

The first bytes place most files. A container that may hold a film without sound, or a picture, is
opened; so is the beginning of what nothing places, such as bare MPEG audio. A name counts for one
thing alone: what is called as audio is never passed over for being damaged, because whoever learns
it must be told.
"""

from __future__ import annotations

import io
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fpcore.audio.containers import Decoder, identify
from fpcore.audio.decoding import DecoderError, FaultDepth
from fpcore.audio.kinds import HEAD_BYTES, Kind, kind_of
from fpcore.audio.limits import AudioLimits, AudioRefusedError
from fpcore.audio.sources import unreadable
from fpcore.errors import AudioError
from fpcore.printable import as_text

SUPPORTED_SUFFIXES = frozenset(
    {".wav", ".wave", ".aif", ".aiff", ".flac", ".mp3", ".aac"}
    | {".m4a", ".m4b", ".mp4", ".ogg", ".oga", ".opus", ".webm", ".mka"}
)
"""Lower-case suffixes by which files are called as audio."""

_FILM_SUFFIXES = frozenset({".mp4", ".webm"})
"""Those of them by which films are called, too."""

_PROBED_BYTES = 1 << 18
_PROBED_S = 1.0
"""What nothing places is audio when a second can be decoded of its beginning: of other files
decoders take a few bytes for a frame of MPEG audio, now and then."""
_PROBED_FRAMES = 4096
_LIMITS = AudioLimits()


class PassedOver(NamedTuple):
    """A file or folder that was looked at and is not learned, and why: "is hidden", …"""

    path: Path
    reason: str


_HIDDEN = "is hidden"
_NO_AUDIO = "holds no audio that can be read"


def find_audio_files(
    paths: Iterable[str | Path],
    *,
    on_error: Callable[[AudioError], None] | None = None,
    on_passed: Callable[[PassedOver], None] | None = None,
) -> Iterator[Path]:
    """Yield the given files, and the files in the given folders and their subfolders with audio.

    A file that is named is yielded whatever it holds. In folders, files count that hold audio, and
    those called as audio (by `SUPPORTED_SUFFIXES`, in any case) unless they are films without
    sound. Hidden files and folders are passed over, and links to folders are not followed. Each
    folder's files come first, then its subfolders, by name.

    Parameters
    ----------
    paths : iterable of str or Path
        Files and folders, in the order in which they shall be visited.
    on_error : callable, optional
        Called with the error of what cannot be visited, and the search goes on.
    on_passed : callable, optional
        Called with each file that is passed over in a folder.

    Raises
    ------
    AudioError
        Without ``on_error``, when a path is empty or does not exist, or a folder cannot be
        listed.
    """
    for named in paths:
        if named == "":  # which Path takes for the folder one is in
            _report(AudioError("an empty path names nothing: give a file or a folder"), on_error)
            continue
        path = Path(named)
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except (OSError, ValueError) as error:
            _report(unreadable(path, error), on_error)
            continue
        if is_folder:
            yield from _files_below(path, on_error, on_passed or (lambda passed: None))
        else:
            yield path


def _files_below(
    folder: Path,
    on_error: Callable[[AudioError], None] | None,
    on_passed: Callable[[PassedOver], None],
) -> Iterator[Path]:
    """Yield the audio files under ``folder``, sorted within each folder."""

    def fail(error: OSError) -> None:
        _report(unreadable(error.filename, error), on_error)

    for parent, folders, files in os.walk(folder, onerror=fail):
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith("."):
                on_passed(PassedOver(path, _HIDDEN))
            elif _may_be_learned(path):
                yield path
            else:
                on_passed(PassedOver(path, _NO_AUDIO))
        for name in sorted(folders):
            if name.startswith("."):
                on_passed(PassedOver(Path(parent, name), _HIDDEN))
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def _report(error: AudioError, on_error: Callable[[AudioError], None] | None) -> None:
    if on_error is None:
        raise error
    on_error(error)


def _may_be_learned(path: Path) -> bool:
    """Whether a file holds audio, or is called as if it did."""
    suffix = path.suffix.lower()
    if suffix in SUPPORTED_SUFFIXES - _FILM_SUFFIXES:
        return True
    is_called_so = suffix in SUPPORTED_SUFFIXES
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for its writer
            return is_called_so
        with path.open("rb") as file:
            found = _judged(file)
    except OSError:
        return is_called_so
    return found is _Found.AUDIO or (found is _Found.UNREADABLE and is_called_so)


class _Found(Enum):
    """What a file holds, as far as it was read."""

    AUDIO = auto()
    NO_AUDIO = auto()
    UNREADABLE = auto()


def _judged(file: BinaryIO) -> _Found:
    """Return what an open file holds, by its first bytes or by decoders."""
    head = file.read(HEAD_BYTES)
    kind = kind_of(head)
    if kind is Kind.AUDIO:
        return _Found.AUDIO
    if kind is Kind.OTHER:
        return _Found.NO_AUDIO if head else _Found.UNREADABLE
    if kind is Kind.CONTAINER:
        found = _decoded(file, identify(file).decoders, needed_s=0.0)
        # What calls itself a container in its first bytes is a damaged one.
        return _Found.AUDIO if found is _Found.UNREADABLE else found
    beginning = io.BytesIO(head + file.read(_PROBED_BYTES - len(head)))
    return _decoded(beginning, identify(beginning).decoders, needed_s=_PROBED_S)


def _decoded(file: BinaryIO, decoders: Iterable[Decoder], *, needed_s: float) -> _Found:
    """Return whether a decoder gives more than so many seconds of sound, or none of a film."""
    found = _Found.UNREADABLE
    for decoder in decoders:
        file.seek(0)
        decoded_s = 0.0
        try:
            for block in decoder(file, limits=_LIMITS, block_frames=_PROBED_FRAMES):
                decoded_s += block.n_frames / block.sample_rate_hz
                if decoded_s > needed_s:
                    return _Found.AUDIO
        except DecoderError as fault:
            if fault.rank[0] is FaultDepth.CONTAINER:
                found = _Found.NO_AUDIO
        except AudioRefusedError:
            return _Found.AUDIO  # of a kind that is not taken, which who learns it is told
    return found


def summary(passed: Iterable[PassedOver]) -> list[str]:
    """Return a line for each reason for which files were passed over: how many, and which.

    Of several files with the same suffix their number is told.

    >>> passed = [PassedOver(Path(name), _NO_AUDIO) for name in ("a.jpg", "b.jpg", "notes.txt")]
    >>> summary(passed)
    ['passed over 3 files without audio that can be read: 2 × .jpg, notes.txt']
    """
    files = [one.path for one in passed if one.reason != _HIDDEN]
    hidden = [one.path for one in passed if one.reason == _HIDDEN]
    lines = []
    if files:
        counted = "1 file" if len(files) == 1 else f"{len(files):,} files"
        lines.append(f"passed over {counted} without audio that can be read: {_listed(files)}")
    if hidden:
        counted = "1 hidden file or folder"
        if len(hidden) > 1:
            counted = f"{len(hidden):,} hidden files and folders"
        lines.append(f"passed over {counted}")
    return lines


def _listed(files: list[Path]) -> str:
    n_files = Counter(file.suffix.lower() for file in files)
    told = dict.fromkeys(
        f"{n_files[suffix]:,} × {as_text(suffix)}" if suffix and n_files[suffix] > 1 else name
        for file in files
        for suffix, name in [(file.suffix.lower(), as_text(file.name))]
    )
    return ", ".join(told)
