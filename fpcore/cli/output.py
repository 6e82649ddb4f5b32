"""Output of the commands: answers, tables, JSON and complaints.

Names come from files and may hold anything. `plain` escapes what would steer a terminal, and
nothing here interprets markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, TextIO

from fpcore import units
from fpcore.printable import as_text, is_visible

if TYPE_CHECKING:
    from rich.console import Console

    from fpcore.records import Cut, Remixed
    from fpcore.store import Song

clock = units.clock
Justify = Literal["left", "right"]

UNBOUNDED_COLUMNS = 10_000
"""Width of tables that go to a file or another program: nothing is cut or wrapped."""


def plain(text: object) -> str:
    r"""Return ``text`` with control characters, and bytes that are no text, as escapes.

    >>> print(plain("two\nlines"))
    two\nlines
    """
    return "".join(
        char if is_visible(char) else char.encode("unicode_escape").decode("ascii")
        for char in as_text(str(text))
    )


def _write_line(text: str, stream: TextIO) -> None:
    """Write a line whole, and let it be read at once: Ctrl-C must not fall before its end."""
    with _told():
        stream.write(text + "\n")
        stream.flush()


@contextmanager
def _told() -> Iterator[None]:
    """Say of a write that fails what it was; that nobody reads on is no failure."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, f"the answer cannot be written: {error.strerror}") from None


def say(text: str) -> None:
    """Print a line of the answer, and let it be read at once."""
    _write_line(plain(text), sys.stdout)


_SPEAKER = {"name": "fpcore"}


def speak_as(name: str) -> None:
    """Let `complain` begin its lines with the name of this process's command."""
    _SPEAKER["name"] = name


def complain(text: str) -> None:
    """Print a line about what went wrong."""
    _write_line(f"{_SPEAKER['name']}: {plain(text)}", sys.stderr)


def complain_of(name: str, *notes: Cut | Remixed | None) -> None:
    """Print a line for each of the notes on a recording that is there."""
    for note in notes:
        if note is not None:
            complain(f"{name}: {note}")


def _in_unicode(value: Any) -> Any:
    """Return a JSON value in valid Unicode, which other programs insist on."""
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, Mapping):
        return {_in_unicode(key): _in_unicode(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_in_unicode(inner) for inner in value]
    return value


def print_json(document: Any) -> None:
    """Print a JSON document."""
    _write_line(json.dumps(_in_unicode(document), indent=2, allow_nan=False), sys.stdout)


def print_json_line(record: Any) -> None:
    """Print a JSON document on one line: one of several."""
    _write_line(json.dumps(_in_unicode(record), allow_nan=False), sys.stdout)


def console(*, stderr: bool = False) -> Console:
    """Return a console for standard output or standard error that takes text literally."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUNDED_COLUMNS
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)


def print_table(columns: Sequence[tuple[str, Justify]], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings, each column on its side."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in columns:
        table.add_column(heading, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    with _told():
        console().print(table)


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[float, float | None], None]]:
    """Give what shows how many are done, of how many if known, and how long the rest will take.

    It is on standard error, if that is a terminal. Answers still go to standard output.
    """
    terminal = console(stderr=True)
    if not terminal.is_terminal:
        yield lambda n_done, n: None
        return
    from rich.progress import Progress

    # An answer that is piped elsewhere must not be caught and shown above the bar instead.
    with Progress(console=terminal, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(description, total=None)
        yield lambda n_done, n: bar.update(task, completed=n_done, total=n)


def size(n_bytes: float) -> str:
    """Return a size such as ``12.3 MB``, in powers of 1000.

    >>> size(999), size(12_345_678)
    ('999 bytes', '12.3 MB')
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 song`` or ``1,200 songs``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def song_record(song: Song) -> dict[str, Any]:
    """Return a song as it stands in JSON."""
    return {**asdict(song), "learned_at": song.learned_at.isoformat()}
