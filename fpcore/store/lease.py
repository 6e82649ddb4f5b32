"""Leases on files that are mapped into memory: none is cut short while it is read.

Where a file has become shorter than what was mapped of it, the system ends the process that reads
on (SIGBUS). On Linux the owner of a file may take a lease on it: who is about to write to it, or to
cut it short, waits until the lease is given back, 45 seconds at most
(``/proc/sys/fs/lease-break-time``). Reading, renaming and removing go on. Leases are not to be had
on files of another user, on most network file systems, and on other systems.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import weakref
from contextlib import suppress


class Lease:
    """A lease on a file, taken while it is read. May be used by any number of threads.

    Parameters
    ----------
    descriptor : int
        The file, open for reading. It is closed with this object.
    n_bytes : int
        How long the file has to be.
    """

    def __init__(self, descriptor: int, n_bytes: int) -> None:
        self._descriptor = descriptor
        self._n_bytes = n_bytes
        self._n_holders = 0
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, descriptor)

    @classmethod
    def on(cls, descriptor: int) -> Lease | None:
        """Return the lease on a file that is open for reading; None where there can be none.

        Raises
        ------
        OSError
            When too many files are open.
        """
        if sys.platform != "linux":
            return None
        lease = cls(os.dup(descriptor), os.fstat(descriptor).st_size)
        try:
            lease._begin()
        except BlockingIOError:
            return lease  # another has it open for writing: it is to be had after that
        except OSError:
            return None
        lease._end()
        return lease

    def take(self) -> bool:
        """Keep the file as it is until `give_back`; return False when another has begun to write.

        Then the file may be shorter by now, or will be.
        """
        with self._lock:
            if not self._n_holders:
                try:
                    self._begin()
                except OSError:
                    return False
            self._n_holders += 1
            nobody_waits = fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK
            if nobody_waits and os.fstat(self._descriptor).st_size >= self._n_bytes:
                return True
            self._leave()
            return False

    def give_back(self) -> None:
        """Let others write again, when nobody else in this process has taken the lease."""
        with self._lock:
            self._leave()

    def _leave(self) -> None:
        self._n_holders -= 1
        if not self._n_holders:
            self._end()

    def _begin(self) -> None:
        # Who waits is told by a signal, which would end this process: this one is ignored. It is
        # forgotten with each lease.
        fcntl.fcntl(self._descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)

    def _end(self) -> None:
        with suppress(OSError):  # another one has waited for so long that it is gone
            fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
