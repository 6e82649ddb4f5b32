"""Reception of uploads: a multipart request becomes a file in a folder of its own.

Limits hold from the first byte on. The body is parsed while it arrives. The file's bytes go to
the disk in large pieces, written by a thread; nothing else of a request is kept beyond a few
kilobytes. Until the first piece is there, a request costs neither a folder nor a file. Names that
clients give are used in messages only, never as paths. The folder is gone when the request is
done, however it ends: finished, refused, given up, or left by its client.
"""

from __future__ import annotations

import functools
import hashlib
import io
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from anyio import CancelScope, to_thread
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from api.addresses import client_at
from api.errors import RefusedError, unsupported_kind
from api.uploads.admission import Reception
from api.uploads.multipart import FormReader
from api.uploads.pace import PaceLimits, paced
from fpcore.audio.kinds import HEAD_BYTES, Kind, kind_of
from fpcore.audio.reading import NO_KNOWN_KIND

WRITE_BYTES = 1 << 18
"""Bytes of a file that are gathered before a thread writes them."""

OVERHEAD_BYTES = 1 << 16
"""Bytes that a request may have beside those of its file: boundaries, headers and fields."""

MAX_NAME = 200

NAMELESS = "the file"
"""What messages call a file that comes without a name."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bounds on one request: bytes of its file, and how long it may take to arrive."""

    max_bytes: int
    pace: PaceLimits


@dataclass(frozen=True, slots=True)
class Upload:
    """A received file with its SHA-256 ``checksum``, and the other ``fields`` of the form."""

    path: Path
    name: str
    checksum: str
    fields: dict[str, str]

    @property
    def given_name(self) -> str | None:
        """The name of the file, None when it came without one."""
        return None if self.name == NAMELESS else self.name


@asynccontextmanager
async def received(
    request: Request,
    inbox: Path,
    limits: UploadLimits,
    *,
    fields: Iterable[str],
    receiving: Reception,
) -> AsyncIterator[Upload]:
    """Receive a request with a file and fields, and remove it all at the end.

    Parameters
    ----------
    request : Request
        A POST whose body has not been read.
    inbox : Path
        Folder in which the folder of this request is made.
    limits : UploadLimits
        Bounds on the size of the file and the time of the request.
    fields : iterable of str
        Names of the fields that may come beside the file; none of them has to.
    receiving : Reception
        One of its places is held until all has arrived, or until it is given to another request.

    Yields
    ------
    Upload
        The file and the fields that came.

    Raises
    ------
    RefusedError
        When the request is malformed (400), too slow (408), too large (413), not multipart or
        not audio that is taken (415), or too many are received already (503).
    OSError
        When the disk is full.
    """
    reader = FormReader(_boundary(request), fields=frozenset(fields))
    _check_declared_size(request, limits)
    client = client_at(request.client)
    receiving.check(client)
    async with AsyncExitStack() as kept:
        with receiving.place(client) as place:
            took = functools.partial(receiving.took, place)
            pieces = _file_pieces(request, reader, limits, took)
            target, checksum = await _write(pieces, inbox, kept)
        name = _shown(reader.filename)
        await to_thread.run_sync(_check_kind, target, name)
        yield Upload(target, name, checksum, reader.fields)


@asynccontextmanager
async def _folder(inbox: Path) -> AsyncIterator[Path]:
    """Give a new folder, and remove it at the end, also when the request is cancelled."""
    # A disk may take its time, for which the event loop has none: threads wait for it.
    with CancelScope(shield=True):
        folder = Path(await to_thread.run_sync(lambda: tempfile.mkdtemp(dir=inbox)))
    try:
        yield folder
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))


def _boundary(request: Request) -> bytes:
    kind, parameters = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise RefusedError(415, "not_multipart", "send the file as multipart/form-data")
    boundary = parameters.get(b"boundary", b"").strip()
    if not boundary:
        raise RefusedError(400, "malformed_form", "the content type names no boundary")
    return boundary


def _check_declared_size(request: Request, limits: UploadLimits) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limits.max_bytes + OVERHEAD_BYTES:
        raise _too_large(limits)


def _too_large(limits: UploadLimits) -> RefusedError:
    megabytes = limits.max_bytes / 1_000_000
    return RefusedError(413, "too_large", f"a file may have at most {megabytes:g} MB: shorten it")


async def _file_pieces(
    request: Request, reader: FormReader, limits: UploadLimits, took: Callable[[int], None]
) -> AsyncIterator[bytes]:
    """Yield the file of a request in pieces of about `WRITE_BYTES`, the last one of any size.

    ``took`` is called with the number of bytes of each part of the body.
    """
    n_received = n_file = 0
    pieces: list[bytes] = []
    async for chunk in paced(request.stream(), limits.pace):
        n_received += len(chunk)
        new = reader.feed(chunk)
        n_file += sum(map(len, new))
        if n_file > limits.max_bytes or n_received > limits.max_bytes + OVERHEAD_BYTES:
            raise _too_large(limits)
        took(len(chunk))
        pieces += new
        if sum(map(len, pieces)) >= WRITE_BYTES:
            yield b"".join(pieces)
            pieces = []
    reader.finish()
    yield b"".join(pieces)


async def _write(
    pieces: AsyncIterator[bytes], inbox: Path, kept: AsyncExitStack
) -> tuple[Path, str]:
    """Write a file to a folder that goes when ``kept`` ends; return its path and its checksum."""
    digest = hashlib.sha256()

    def write(content: bytes) -> None:
        digest.update(content)
        rest = memoryview(content)
        while rest:
            # A disk that fills up takes a part first, and refuses only the next.
            rest = rest[file.write(rest) :]

    first = await anext(pieces)
    target = await kept.enter_async_context(_folder(inbox)) / "audio"
    with await to_thread.run_sync(io.FileIO, target, "xb") as file:
        await to_thread.run_sync(write, first)
        async for piece in pieces:
            await to_thread.run_sync(write, piece)
    return target, digest.hexdigest()


def _shown(filename: str) -> str:
    """Return a file's name, shortened, as messages show it; of one without, what it is."""
    name = (filename or NAMELESS)[-MAX_NAME:]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)


def _check_kind(path: Path, name: str) -> None:
    """Refuse a file whose first bytes are those of anything but audio, whatever its name is."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise RefusedError(400, "empty_file", f"{name}: is empty")
    if kind_of(head) is Kind.OTHER:
        raise unsupported_kind(f"{name}: {NO_KNOWN_KIND}")
