"""Limits of the system that keep a command from working, each as one sentence with its remedy."""

from __future__ import annotations

import errno
import resource
import tempfile

_NO_ROOM = {
    errno.ENOMEM,
    errno.ENOENT,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EPIPE,
}


def sentence_of(error: BaseException) -> str | None:
    """Return what to say of an error that comes from a limit; None where it does not."""
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        n_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return (
            f"this process may have too few files open at once ({n_files}): allow more with "
            "`ulimit -n 1024`, or take fewer --jobs"
        )
    if isinstance(error, OSError) and "AF_UNIX path too long" in str(error):
        return (
            f"the path of the folder for temporary files is too long ({tempfile.gettempdir()}): "
            "let TMPDIR name a short one, such as /tmp"
        )
    n_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
    is_limited = n_bytes != resource.RLIM_INFINITY
    if is_limited and isinstance(error, MemoryError | ImportError | OSError) and _of_memory(error):
        return (
            f"there is not enough memory for this within the limit of {n_bytes // 10**6:,} MB "
            "(ulimit -v): raise it, or take it away with `ulimit -v unlimited`"
        )
    if isinstance(error, MemoryError):
        return "there is not enough memory for this: close other programs, or take fewer --jobs"
    return None


def _of_memory(error: BaseException) -> bool:
    """Whether an error is one that comes where there is no room.

    It may be a library that is not loaded, or the process that starts workers that ended: then
    nobody answers at its address.
    """
    if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
        return True
    return isinstance(error, MemoryError) or "shared object" in str(error)
