"""Folders of programs that live are left alone, those of killed ones go, whoever starts when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

from fpcore.own_folders import Maker, OwnFolder

MAKER = Maker(prefix="program-", mark=".made-by-program", told="A program works here.\n")
OTHER = Maker(prefix="program-", mark=".made-by-other", told="Another one does.\n")


def folders(root: Path) -> set[Path]:
    """Where programs write that have a folder in ``root``."""
    return set(root.glob(f"{MAKER.prefix}*/work"))


def test_many_that_start_at_once_have_a_folder_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            made = list(threads.map(lambda _: OwnFolder(MAKER, tmp_path), range(8)))
            assert folders(tmp_path) == {one.path for one in made}
            assert len(folders(tmp_path)) == 8
            # Half of them end while others start.
            list(threads.map(OwnFolder.close, made[::2]))
            assert folders(tmp_path) == {one.path for one in made[1::2]}
            list(threads.map(OwnFolder.close, made[1::2]))
    assert list(tmp_path.iterdir()) == []


def test_starting_and_ending_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    def come_and_go(_: int) -> None:
        for _ in range(100):
            own = OwnFolder(MAKER, tmp_path)
            (own.path / "file").write_bytes(b"content")
            assert (own.path / "file").read_bytes() == b"content"
            own.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(come_and_go, range(8)))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_and_no_sooner(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from fpcore.own_folders import Maker, OwnFolder;"
        "own = OwnFolder(Maker(*sys.argv[2:]), pathlib.Path(sys.argv[1]));"
        "(own.path / 'file').touch(); print(own.path, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), *astuple(MAKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        OwnFolder(MAKER, tmp_path).close()
        assert (left / "file").exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (left / "file").exists()
    OwnFolder(OTHER, tmp_path).close()
    assert (left / "file").exists()
    OwnFolder(MAKER, tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_links_and_files_of_that_name_are_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    root = tmp_path / "root"
    root.mkdir()
    (root / f"{MAKER.prefix}link").symlink_to(elsewhere)
    (root / f"{MAKER.prefix}dangling").symlink_to(tmp_path / "nowhere")
    (root / f"{MAKER.prefix}file").touch()
    OwnFolder(MAKER, root).close()
    assert (elsewhere / "file").exists()
    assert len(os.listdir(root)) == 3


def test_a_folder_of_that_name_that_no_program_made_keeps_all_that_is_in_it(tmp_path: Path) -> None:
    theirs = tmp_path / f"{MAKER.prefix}music"
    (theirs / "work").mkdir(parents=True)
    (theirs / "index.db").write_bytes(b"songs")
    (theirs / "work" / "song.flac").write_bytes(b"music")
    OwnFolder(MAKER, tmp_path).close()
    assert (theirs / "index.db").read_bytes() == b"songs"
    assert (theirs / "work" / "song.flac").read_bytes() == b"music"


def test_what_users_put_into_the_folder_of_a_program_stays_there(tmp_path: Path) -> None:
    own = OwnFolder(MAKER, tmp_path)
    (own.path / "upload").touch()
    theirs = own.path.parent / "index.db"
    theirs.write_bytes(b"songs")
    own.close()
    assert theirs.read_bytes() == b"songs"
    assert not own.path.exists()
    OwnFolder(MAKER, tmp_path).close()
    assert theirs.read_bytes() == b"songs"


def test_of_empty_folders_those_with_the_mark_of_a_program_go(tmp_path: Path) -> None:
    theirs, begun = tmp_path / f"{MAKER.prefix}empty", tmp_path / f"{MAKER.prefix}begun"
    theirs.mkdir()
    begun.mkdir()
    (begun / MAKER.mark).touch()
    OwnFolder(MAKER, tmp_path).close()
    assert list(tmp_path.iterdir()) == [theirs]
