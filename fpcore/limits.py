"""Limits of the system that keep a program from working, each as one sentence with its remedy.

Want of memory shows in many ways where the address space is limited (`ulimit -v`): libraries are
not loaded, compiled code fails without saying why, or crashes. OpenBLAS takes 32 MB for each of its
threads when it is loaded, and tries without end where these are not to be had. So too small a limit
is refused before anything is loaded.
"""

from __future__ import annotations

import errno
import os
import resource
import tempfile

LEAST_BYTES = 520_000_000
"""Address space below which no process fingerprints a song: with 512 MB all failed, with 538 MB
none (five songs of 45 s, two workers)."""

_NO_ROOM = {
    errno.ENOMEM,
    errno.ENOENT,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EPIPE,
}
"""Of errors without a file. The process that starts workers may have ended: then nobody answers."""


def memory_limit_bytes() -> int | None:
    """Return the limit of this process's address space; None where there is none."""
    n_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if n_bytes == resource.RLIM_INFINITY else n_bytes


def spare_memory() -> None:
    """Let this process and those that it starts load less where the address space is limited."""
    if memory_limit_bytes() is not None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def check_memory() -> None:
    """Raise `MemoryError` where the address space is too small for anything."""
    n_bytes = memory_limit_bytes()
    if n_bytes is not None and n_bytes < LEAST_BYTES:
        raise MemoryError(of_memory())


def of_memory() -> str:
    """Return what to say when there is not enough memory."""
    n_bytes = memory_limit_bytes()
    if n_bytes is None:
        return "there is not enough memory for this: close other programs, or take fewer --jobs"
    return (
        f"there is not enough memory for this within the limit of {n_bytes // 10**6:,} MB "
        "(ulimit -v): raise it, or take it away with `ulimit -v unlimited`"
    )


def n_files() -> int:
    """Return how many files this process may have open at once."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def of_files() -> str:
    """Return what to say when no more files can be opened."""
    return (
        f"this process may have too few files open at once ({n_files()}): allow more with "
        "`ulimit -n 1024`, or take fewer --jobs"
    )


def sentence_of(error: BaseException) -> str | None:
    """Return what to say of an error that comes from a limit; None where it does not."""
    number = getattr(error, "errno", None)  # those of sockets of a kernel are no `OSError`
    if number in {errno.EMFILE, errno.ENFILE}:
        return of_files()
    if isinstance(error, OSError) and "AF_UNIX path too long" in str(error):
        return (
            f"the path of the folder for temporary files is too long ({tempfile.gettempdir()}): "
            "let TMPDIR name a short one, such as /tmp"
        )
    return of_memory() if is_of_memory(error) else None


def is_of_memory(error: BaseException) -> bool:
    """Whether an error comes of want of memory, be it under a limit or not."""
    if isinstance(error, MemoryError):
        return True
    if memory_limit_bytes() is None:
        return False
    if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
        return True
    if isinstance(error, SystemError):
        return True
    return isinstance(error, OSError | ImportError) and "shared object" in str(error)
