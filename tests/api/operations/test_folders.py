"""Folders of servers that live are left alone, those of killed ones go, whoever starts when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from api.operations.folders import MARK, PREFIX, OwnFolder
from tests.api.material import count
from tests.api.server import Server

STATS = 'fpapi_requests_total{method="GET",route="/stats",status="200"}'


def folders(root: Path) -> set[Path]:
    """Where servers write that have a folder in ``root``."""
    return set(root.glob(f"{PREFIX}*/work"))


def test_many_that_start_at_once_have_a_folder_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            made = list(threads.map(lambda _: OwnFolder(tmp_path), range(8)))
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
            own = OwnFolder(tmp_path)
            (own.path / "file").write_bytes(b"content")
            assert (own.path / "file").read_bytes() == b"content"
            own.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(come_and_go, range(8)))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_and_no_sooner(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from api.operations.folders import OwnFolder;"
        "own = OwnFolder(pathlib.Path(sys.argv[1]));"
        "(own.path / 'file').touch(); print(own.path, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        OwnFolder(tmp_path).close()
        assert (left / "file").exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (left / "file").exists()
    OwnFolder(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_links_and_files_of_that_name_are_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    root = tmp_path / "root"
    root.mkdir()
    (root / f"{PREFIX}link").symlink_to(elsewhere)
    (root / f"{PREFIX}dangling").symlink_to(tmp_path / "nowhere")
    (root / f"{PREFIX}file").touch()
    OwnFolder(root).close()
    assert (elsewhere / "file").exists()
    assert len(os.listdir(root)) == 3


def test_a_folder_of_that_name_that_no_server_made_keeps_all_that_is_in_it(tmp_path: Path) -> None:
    theirs = tmp_path / f"{PREFIX}music"
    (theirs / "work").mkdir(parents=True)
    (theirs / "index.db").write_bytes(b"songs")
    (theirs / "work" / "song.flac").write_bytes(b"music")
    OwnFolder(tmp_path).close()
    assert (theirs / "index.db").read_bytes() == b"songs"
    assert (theirs / "work" / "song.flac").read_bytes() == b"music"


def test_what_users_put_into_the_folder_of_a_server_stays_there(tmp_path: Path) -> None:
    own = OwnFolder(tmp_path)
    (own.path / "upload").touch()
    theirs = own.path.parent / "index.db"
    theirs.write_bytes(b"songs")
    own.close()
    assert theirs.read_bytes() == b"songs"
    assert not own.path.exists()
    OwnFolder(tmp_path).close()
    assert theirs.read_bytes() == b"songs"


def test_of_empty_folders_those_with_the_mark_of_a_server_go(tmp_path: Path) -> None:
    theirs, begun = tmp_path / f"{PREFIX}empty", tmp_path / f"{PREFIX}begun"
    theirs.mkdir()
    begun.mkdir()
    (begun / MARK).touch()
    OwnFolder(tmp_path).close()
    assert list(tmp_path.iterdir()) == [theirs]


def test_a_server_keeps_an_index_in_a_temporary_folder_of_that_name(tmp_path: Path) -> None:
    theirs = tmp_path / f"{PREFIX}mine"
    theirs.mkdir()
    for _ in range(2):
        server = Server(theirs, temp_folder=tmp_path)
        server.stop()
        assert server.database.is_file()


def test_counts_of_a_server_with_several_processes_outlive_the_start_of_another(
    pair: tuple[Server, Path],
) -> None:
    server, shared = pair
    [counts] = folders(shared)
    OwnFolder(shared).close()
    assert list(counts.iterdir())
    with server.client() as client:
        before = count(client, STATS)
        assert client.get("/stats").status_code == 200
        assert count(client, STATS) == before + 1
