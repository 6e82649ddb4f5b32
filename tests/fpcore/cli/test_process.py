"""The process of a command: its streams, its exit code, and one line for whatever goes wrong."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fpcore.cli import process
from fpcore.cli.output import speak_as
from fpcore.errors import FpError
from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.material import STRANGER, piece, write_wav
from tests.fpcore.cli.running import answer, called, environment, fpcore_process


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_a_command_whose_streams_are_closed_does_its_work(
    closed: tuple[int, ...], tmp_path: Path
) -> None:
    write_wav(tmp_path / "song.wav", piece(STRANGER))

    def close() -> None:
        for stream in closed:
            os.close(stream)

    done = fpcore_process("learn", "song.wav", "--db", "a.db", cwd=tmp_path, prepare=close)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert answer("songs", "--db", "a.db", cwd=tmp_path)["total"] == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_answer_that_cannot_be_written_is_one_sentence(
    learned: Learned, tmp_path: Path, unbuffered: str
) -> None:
    for command in (("songs",), ("songs", "--json"), ("stats",)):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "fpcore", *command, "--db", str(learned.database)],
                cwd=tmp_path,
                env=environment() | {"PYTHONUNBUFFERED": unbuffered},
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 1
        assert done.stderr == "fpcore: the answer cannot be written: No space left on device\n"


def test_nothing_is_complained_about_when_nobody_reads_the_answer(
    tmp_path: Path, database: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "fpcore", "songs"],
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment(),
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.fixture(autouse=True)
def _speaks_as_before() -> Iterator[None]:
    yield
    speak_as("fpcore")


def run(app: Callable[[], object], cwd: Path, extra: str | None = None) -> tuple[int, str, str]:
    """Return the exit code of a command line called demo, its answer and its complaints."""
    done = called(lambda: process.run(app, name="demo", extra=extra), cwd=cwd)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FpError("the sentence"), "the sentence"),
        (FileNotFoundError(2, "No such file or directory", "a.wav"),
         "a.wav: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("told by a library"), "told by a library"),
        (MemoryError(), "there is not enough memory for this: close other programs, or take fewer "
         "--jobs"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line_under_the_commands_name(
    error: Exception, line: str, tmp_path: Path
) -> None:
    def app() -> None:
        raise error

    assert run(app, tmp_path) == (1, "", f"demo: {line}\n")


@pytest.mark.parametrize(("stop", "code"), [(3, 3), (0, 0), (None, 0)])
def test_the_exit_code_is_that_of_the_command(stop: int | None, code: int, tmp_path: Path) -> None:
    assert run(lambda: sys.exit(stop), tmp_path) == (code, "", "")


def test_a_fault_of_the_program_itself_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 / 0, tmp_path)


def test_what_the_package_warns_of_is_told_as_a_complaint(tmp_path: Path) -> None:
    def app() -> None:
        logging.getLogger("fpcore.store").info("not told")
        logging.getLogger("fpcore.store").warning("%d songs", 2)
        sys.exit(0)

    assert run(app, tmp_path) == (0, "", "demo: 2 songs\n")


def test_a_missing_package_is_told_with_its_extra_where_the_command_has_one(tmp_path: Path) -> None:
    def app() -> None:
        import no_such_package  # type: ignore[import-not-found]  # noqa: F401

    code, _, errors = run(app, tmp_path, extra="bench")
    assert code == 1
    assert errors.startswith("demo: the package no_such_package is not installed")
    assert '"fpworkbench[bench]"' in errors
    with pytest.raises(ModuleNotFoundError):
        run(app, tmp_path)


def test_characters_that_a_stream_cannot_show_are_escaped(tmp_path: Path) -> None:
    def app() -> None:
        print("caf\udce9")
        sys.exit(0)

    assert run(app, tmp_path) == (0, "caf\\udce9\n", "")
