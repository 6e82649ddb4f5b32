"""Files and folders that appear whole or not at all, under real faults."""

from __future__ import annotations

import ast
import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fpcore import atomic
from tests.fpcore.store.disks import fill, make_read_only, small_disk

PROJECT = Path(__file__).resolve().parents[2]
MEGABYTE = 1 << 20


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file with the content ``old`` in a folder of its own."""
    (tmp_path / "results").mkdir()
    path = tmp_path / "results" / "rows.json"
    path.write_bytes(b"old")
    return path


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a Python program whose lines come out and go in as text."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class TestWriting:
    def test_bytes_and_text_are_written_as_they_are(self, tmp_path: Path) -> None:
        atomic.write_bytes(tmp_path / "a", b"\x00\xff\r\n")
        atomic.write_text(tmp_path / "b", "für Elise\r\nline\n", durable=True)
        with atomic.opened(tmp_path / "c") as stream:
            stream.write(b"one")
            stream.write(b"two")
        assert (tmp_path / "a").read_bytes() == b"\x00\xff\r\n"
        assert (tmp_path / "b").read_bytes() == "für Elise\r\nline\n".encode()
        assert (tmp_path / "c").read_bytes() == b"onetwo"
        assert names(tmp_path) == ["a", "b", "c"]

    def test_the_old_file_is_there_until_the_new_one_is_whole(self, old: Path) -> None:
        with atomic.opened(old) as stream:
            stream.write(b"new")
            stream.flush()
            assert old.read_bytes() == b"old"
        assert old.read_bytes() == b"new"
        assert names(old.parent) == ["rows.json"]

    def test_parts_lie_beside_hidden_and_with_another_ending(self, old: Path) -> None:
        with atomic.replaced(old) as part:
            part.write_bytes(b"new")
            assert part.parent == old.parent
            assert part.name.startswith(".rows.json.")
            assert part.suffix == atomic.PART_SUFFIX
            assert list(old.parent.glob("*.json")) == [old]
            assert atomic.parts_in(old.parent) == [part]

    def test_one_thread_may_write_the_same_file_twice_at_once(self, old: Path) -> None:
        with atomic.opened(old) as first, atomic.opened(old) as second:
            first.write(b"first")
            second.write(b"second")
        assert old.read_bytes() == b"first"
        assert names(old.parent) == ["rows.json"]

    @pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "♪" * 85, ".hidden", "a\nb", "[*]"])
    def test_every_name_that_the_system_allows_will_do(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        with atomic.opened(path) as stream:
            stream.write(b"content")
            assert len(atomic.parts_in(tmp_path)) == 1
        with pytest.raises(ZeroDivisionError), atomic.opened(path):
            _ = 1 / 0
        assert path.read_bytes() == b"content"
        assert names(tmp_path) == [path.name]

    @pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
    def test_a_new_file_has_the_mode_of_ordinary_ones(
        self, old: Path, mask: int, mode: int
    ) -> None:
        before = os.umask(mask)
        try:
            atomic.write_text(old, "new")
            with atomic.whole_folder(old.parent / "folder"):
                pass
        finally:
            os.umask(before)
        assert stat.S_IMODE(old.stat().st_mode) == mode
        assert stat.S_IMODE((old.parent / "folder").stat().st_mode) == 0o777 & ~mask


class TestPlaces:
    def test_of_a_link_the_target_is_replaced(self, old: Path, tmp_path: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to(Path("results") / old.name)
        with atomic.replaced(link) as part:
            assert part.parent == old.parent
            part.write_bytes(b"new")
        assert link.is_symlink()
        assert old.read_bytes() == b"new"
        assert names(tmp_path) == ["link", "results"]

    def test_the_target_of_a_link_need_not_exist(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "target")
        atomic.write_bytes(tmp_path / "link", b"new")
        assert (tmp_path / "target").read_bytes() == b"new"
        assert (tmp_path / "link").is_symlink()

    def test_a_pipe_is_written_to_and_stays_one(self, tmp_path: Path) -> None:
        pipe, heard = tmp_path / "pipe", []
        os.mkfifo(pipe)
        reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
        reader.start()
        atomic.write_bytes(pipe, b"through", durable=True)
        reader.join()
        assert heard == [b"through"]
        assert pipe.is_fifo()
        assert names(tmp_path) == ["pipe"]

    @pytest.mark.parametrize("durable", [False, True])
    def test_what_cannot_be_a_file_is_refused_and_nothing_is_left(
        self, old: Path, durable: bool
    ) -> None:
        with pytest.raises(FileNotFoundError):
            atomic.write_bytes(old.parent / "missing" / "file", b"new", durable=durable)
        with pytest.raises(IsADirectoryError):
            atomic.write_bytes(old.parent, b"new", durable=durable)
        with pytest.raises(NotADirectoryError):
            atomic.write_bytes(old / "file", b"new", durable=durable)
        assert names(old.parent.parent) == ["results"]
        assert names(old.parent) == ["rows.json"]

    def test_a_folder_that_is_read_only_is_refused_and_stays_as_it_is(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk", megabytes=1) as disk:
            atomic.write_bytes(disk / "file", b"old")
            make_read_only(disk)
            with pytest.raises(OSError, match="Read-only") as refused:
                atomic.write_bytes(disk / "file", b"new", durable=True)
            assert refused.value.errno == errno.EROFS
            with pytest.raises(OSError, match="Read-only"), atomic.whole_folder(disk / "folder"):
                pass
            assert names(disk) == ["file"]
            assert (disk / "file").read_bytes() == b"old"


class TestFailures:
    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
    def test_an_exception_leaves_the_old_file_and_nothing_else(
        self, old: Path, error: type[BaseException]
    ) -> None:
        with pytest.raises(error), atomic.opened(old) as stream:
            stream.write(b"new")
            raise error
        with pytest.raises(error), atomic.replaced(old) as part:
            part.with_name(f"{part.name}-wal").write_bytes(b"the log of a database")
            raise error
        assert old.read_bytes() == b"old"
        assert names(old.parent) == ["rows.json"]

    # The larger one is refused while it is written, the smaller one when it is closed.
    @pytest.mark.parametrize("n_bytes", [2 * MEGABYTE, 5_000])
    @pytest.mark.parametrize("durable", [False, True])
    def test_a_full_disk_leaves_the_old_file_and_its_room(
        self, tmp_path: Path, n_bytes: int, durable: bool
    ) -> None:
        with small_disk(tmp_path / "disk", megabytes=1) as disk:
            (disk / "file").write_bytes(b"old")
            fill(disk)
            with pytest.raises(OSError, match="No space left") as refused:
                atomic.write_bytes(disk / "file", bytes(n_bytes), durable=durable)
            assert refused.value.errno == errno.ENOSPC
            assert names(disk) == ["ballast", "file"]
            assert (disk / "file").read_bytes() == b"old"
            (disk / "ballast").unlink()
            atomic.write_bytes(disk / "file", bytes(MEGABYTE // 2))

    KILLED = """
import sys
from pathlib import Path
from fpcore import atomic

with atomic.opened(Path(sys.argv[1])) as stream:
    stream.write(b"half of the new")
    stream.flush()
    print("half", flush=True)
    sys.stdin.read()
"""

    def test_a_killed_writer_leaves_the_old_file_and_a_part_that_is_known_as_one(
        self, old: Path
    ) -> None:
        for n_killed in (1, 2):
            kill_when_half(start(self.KILLED, old))
            assert old.read_bytes() == b"old"
            parts = atomic.parts_in(old.parent)
            assert len(parts) == n_killed
            assert {part.read_bytes() for part in parts} == {b"half of the new"}
            assert names(old.parent) == [*(part.name for part in parts), "rows.json"]
        parts[0].with_name(f"{parts[0].name}-wal").write_bytes(b"the log of a database")
        atomic.write_bytes(old, b"new")
        assert old.read_bytes() == b"new"
        atomic.discard_parts(old.parent)
        assert names(old.parent) == ["rows.json"]

    def test_nothing_but_parts_is_discarded(self, tmp_path: Path) -> None:
        others = [".hidden", "a.part", ".a.part", ".a.0123456789abcdef.part.json", "b.json"]
        for name in others:
            (tmp_path / name).touch()
        (tmp_path / ".a.0123456789abcdef.part").touch()
        atomic.discard_parts(tmp_path / "missing")
        assert atomic.parts_in(tmp_path) == [tmp_path / ".a.0123456789abcdef.part"]
        atomic.discard_parts(tmp_path)
        assert set(names(tmp_path)) == set(others) - {".a.0123456789abcdef.part.json"}


class TestFolders:
    def test_a_folder_appears_whole_with_those_above_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a" / "b"
        with atomic.whole_folder(path, durable=True) as part:
            (part / "inside").mkdir()
            (part / "inside" / "file").write_bytes(b"content")
            (part / "link").symlink_to("nowhere")
            assert not path.exists()
            assert atomic.parts_in(path.parent) == [part]
        assert names(path) == ["inside", "link"]
        assert (path / "inside" / "file").read_bytes() == b"content"
        assert names(path.parent) == ["b"]

    def test_the_first_that_is_done_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "folder"
        with atomic.whole_folder(path) as second:
            (second / "second").touch()
            with atomic.whole_folder(path) as first:
                (first / "first").touch()
        assert names(path) == ["first"]
        assert names(tmp_path) == ["folder"]

    def test_it_takes_the_place_of_an_empty_folder_and_of_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        with atomic.whole_folder(tmp_path / "empty") as part:
            (part / "file").touch()
        assert names(tmp_path / "empty") == ["file"]
        (tmp_path / "taken").write_bytes(b"old")
        with pytest.raises(NotADirectoryError), atomic.whole_folder(tmp_path / "taken"):
            pass
        assert (tmp_path / "taken").read_bytes() == b"old"
        assert names(tmp_path) == ["empty", "taken"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_an_exception_leaves_nothing(self, tmp_path: Path, error: type[BaseException]) -> None:
        with pytest.raises(error), atomic.whole_folder(tmp_path / "folder") as part:
            (part / "file").touch()
            raise error
        assert names(tmp_path) == []

    def test_a_full_disk_leaves_nothing(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk", megabytes=1) as disk:
            with (
                pytest.raises(OSError, match="No space left"),
                atomic.whole_folder(disk / "folder") as part,
            ):
                for number in range(3):
                    (part / str(number)).write_bytes(bytes(MEGABYTE // 2))
            assert names(disk) == []

    KILLED = """
import sys
from pathlib import Path
from fpcore import atomic

with atomic.whole_folder(Path(sys.argv[1])) as part:
    (part / "inside").mkdir()
    (part / "inside" / "first").touch()
    print("half", flush=True)
    sys.stdin.read()
"""

    def test_a_killed_process_leaves_a_part_that_can_be_discarded(self, tmp_path: Path) -> None:
        kill_when_half(start(self.KILLED, tmp_path / "folder"))
        assert not (tmp_path / "folder").exists()
        assert len(atomic.parts_in(tmp_path)) == 1
        atomic.discard_parts(tmp_path)
        assert names(tmp_path) == []


class TestManyWriters:
    SCRIPT = """
import sys
from pathlib import Path
from threading import Thread
from fpcore import atomic

path, letters = Path(sys.argv[1]), sys.argv[2]

def write(letter):
    for _ in range(150):
        atomic.write_text(path, letter * 100_000)

threads = [Thread(target=write, args=letter) for letter in letters]
print("ready", flush=True)
sys.stdin.readline()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

    def test_a_reader_never_sees_a_part(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        writers = [start(self.SCRIPT, path, letters) for letters in ("ab", "cd")]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        atomic.write_text(path, "0" * 100_000)
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go on\n")
            writer.stdin.flush()
        seen = set()
        while any(writer.poll() is None for writer in writers):
            content = path.read_text()
            seen.add((content[:1], len(content), len(set(content))))
        for writer in writers:
            writer.communicate()
            assert writer.returncode == 0
        assert {(n_letters, n_different) for _, n_letters, n_different in seen} == {(100_000, 1)}
        assert path.read_text()[0] in "abcd"
        assert names(tmp_path) == ["file"]


class TestDurable:
    @pytest.fixture
    def synchronised(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> list[tuple[int, list[str]]]:
        """The inodes that are synchronised with the disk, and the names there are by then."""
        found: list[tuple[int, list[str]]] = []
        fsync = os.fsync

        def note(descriptor: int) -> None:
            fsync(descriptor)
            found.append((os.fstat(descriptor).st_ino, names(tmp_path)))

        monkeypatch.setattr(os, "fsync", note)
        return found

    def test_the_content_is_on_the_disk_before_the_name_and_the_name_at_the_end(
        self, tmp_path: Path, synchronised: list[tuple[int, list[str]]]
    ) -> None:
        atomic.write_bytes(tmp_path / "file", b"content", durable=True)
        (file, before), (folder, after) = synchronised
        assert file == (tmp_path / "file").stat().st_ino
        assert "file" not in before
        assert folder == tmp_path.stat().st_ino
        assert after == ["file"]

    def test_all_in_a_durable_folder_is_on_the_disk_before_its_name(
        self, tmp_path: Path, synchronised: list[tuple[int, list[str]]]
    ) -> None:
        path = tmp_path / "folder"
        with atomic.whole_folder(path, durable=True) as part:
            (part / "inside").mkdir()
            (part / "inside" / "file").write_bytes(b"content")
        made = (path, path / "inside", path / "inside" / "file")
        *before, (last, after) = synchronised
        assert {inode for inode, _ in before} == {one.stat().st_ino for one in made}
        assert (last, after) == (tmp_path.stat().st_ino, ["folder"])

    def test_what_can_be_made_again_does_not_wait_for_the_disk(
        self, tmp_path: Path, synchronised: list[tuple[int, list[str]]]
    ) -> None:
        atomic.write_bytes(tmp_path / "file", b"content")
        with atomic.whole_folder(tmp_path / "folder"):
            pass
        assert synchronised == []


def kill_when_half(writer: subprocess.Popen[str]) -> None:
    """Kill a writer as soon as it tells that it has written one half."""
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half\n"
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL


MOVES = {
    "fpcore/atomic.py": "is where it is done",
    "clients/storage.py": "stands on nothing of the core",
    "experiments/corpora/debian.py": "moves what it unpacked inside a folder that is not there yet",
}
"""The modules that rename files, and why."""


def renames(source: str) -> bool:
    """Whether a module renames files: ``os.replace``, ``Path.rename``, ``shutil.move`` …"""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
        of_modules = {("os", "replace"), ("os", "rename"), ("os", "renames"), ("shutil", "move")}
        # The `replace` of a text has two arguments, that of a record and of a table keywords.
        is_path = call.func.attr in ("replace", "rename") and len(call.args) == 1
        if (owner, call.func.attr) in of_modules or (is_path and not call.keywords):
            return True
    return False


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("os.replace(a, b)", True),
        ("os.rename(a, b)", True),
        ("shutil.move(a, b)", True),
        ("part.replace(path)", True),
        ("part.with_suffix('.x').rename(path)", True),
        ("text.replace('a', 'b')", False),
        ("dataclasses.replace(record, field=1)", False),
        ("rows.rename(columns=names)", False),
    ],
)
def test_renaming_is_recognised_in_a_source(source: str, found: bool) -> None:
    assert renames(source) == found


def test_files_are_renamed_in_one_module() -> None:
    rooms = ("fpcore", "experiments", "api", "clients", "notebooks")
    modules = [path for room in rooms for path in (PROJECT / room).rglob("*.py")]
    assert len(modules) > 100
    found = [path for path in modules if renames(path.read_text(encoding="utf-8"))]
    assert {path.relative_to(PROJECT).as_posix() for path in found} == set(MOVES)
