"""Process of a command line: exit codes, and one line for whatever goes wrong."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import NoReturn

from fpcore import limits, starting
from fpcore.cli.output import complain, speak_as

EXIT_ERROR = 1


def run(app: Callable[[], object], *, name: str, extra: str | None = None) -> NoReturn:
    """Run a command line as this process and exit with its code.

    Parameters
    ----------
    app : callable
        The commands, called without arguments.
    name : str
        What they are called in complaints.
    extra : str, optional
        Extra of the project that brings what they need beside the packages of the core.
    """
    _open_missing_streams()
    speak_as(name)
    logging.getLogger("fpcore").addHandler(_Complaints(logging.WARNING))
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not keep the answer from the user.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = _code(app, extra)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the answer has had enough; keep the interpreter from flushing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or EXIT_ERROR
    except OSError as error:
        if code != EXIT_ERROR:  # else it was told: what could not be written is still buffered
            complain(f"the answer cannot be written: {error.strerror}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_ERROR
    sys.exit(code)


def _open_missing_streams() -> None:
    """Give a process whose standard output or error was closed something to write into."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


class _Complaints(logging.Handler):
    """Tells what `fpcore` logs as the command tells what goes wrong."""

    def emit(self, record: logging.LogRecord) -> None:
        complain(record.getMessage())


def _code(app: Callable[[], object], extra: str | None) -> int:
    """Return the exit code, after telling in one line what went wrong."""
    from fpcore.errors import FpError
    from fpcore.extras import needing

    try:
        starting.as_ctrl_c()
        if "--help" not in sys.argv and len(sys.argv) > 1:
            limits.check_memory()
        with nullcontext() if extra is None else needing(extra):
            app()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        return starting.EXIT_INTERRUPTED
    except FpError as error:
        complain(str(error))
    except (OSError, ImportError, MemoryError, SystemError) as error:
        complain(limits.sentence_of(error) or _of_system(error))
    return EXIT_ERROR


def _of_system(error: Exception) -> str:
    """Return what the system says of an error; one of the program itself is raised again."""
    if not isinstance(error, OSError):
        raise error
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"
