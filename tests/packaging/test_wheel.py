"""The built wheel, installed in an environment of its own and used in a folder of its own.

The environment sees the locked packages of the one that runs the tests, so nothing is fetched.
The tests stand in the order of the work: learn, recognise, sweep, report, promote, serve.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fpcore.kernels.pairing import pairs
from tests import songs

N_SONGS = 8
PACKAGES = ("api", "clients", "experiments", "fpcore", "notebooks")
STEERING = ("FPCORE_", "FPBENCH_", "FPAPI_", "PYTHONPATH", "XDG_", "NUMBA_", "JUPYTER_", "IPYTHON")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")

SPEC = """
corpus: folder:music
profiles: [balanced]
degradations: [clean]
clip_lengths_s: [5]
excerpts: {indexed: 4, left_out: 4}
left_out_share: 0.5
timed_queries: 1
"""


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel in it, the user's home, and the folder that is worked in."""

    prefix: Path
    home: Path
    folder: Path

    @property
    def packages(self) -> Path:
        """The folder in which the environment keeps its packages."""
        return Path(sysconfig.get_path("purelib", "venv", {"base": str(self.prefix)}))

    def environment(self, **changes: str) -> dict[str, str]:
        inherited = {k: text for k, text in os.environ.items() if not k.startswith(STEERING)}
        return inherited | {"HOME": str(self.home), "COLUMNS": "200"} | changes

    def command(self, name: str, *arguments: str) -> list[str]:
        return [str(self.prefix / "bin" / name), *arguments]

    def run(self, name: str, *arguments: str) -> str:
        """Run a command of the environment to its end and return what it answers."""
        done = subprocess.run(
            self.command(name, *arguments),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{name} {arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def installed(self) -> dict[str, tuple[int, int]]:
        """Return size and time of every installed file but what is compiled.

        Python and numba keep that beside every module, here as anywhere.
        """
        files = (path for path in self.packages.rglob("*") if path.is_file())
        return {
            str(path): (path.stat().st_size, path.stat().st_mtime_ns)
            for path in files
            if path.parent.name != "__pycache__"
        }


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the source, so that nothing is left in the project."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in root.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    for name in PACKAGES:
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / name, source / name, ignore=left_out, dirs_exist_ok=True)
    for made in ("runs/mine", "profiles"):  # as users leave them in a checkout
        (source / "experiments" / made).mkdir(parents=True, exist_ok=True)
        (source / "experiments" / made / "mine.json").write_text("{}")
    offline = ("--no-build-isolation", "--no-deps", "--no-index")
    subprocess.run([*PIP, "wheel", *offline, "--wheel-dir", target, source], check=True)
    [built] = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installation(
    root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    made = Installation(*(tmp_path_factory.mktemp(name) for name in ("env", "home", "work")))
    venv.create(made.prefix, with_pip=False)
    # A folder that is named in a .pth file is put on the path, its own .pth files are not read:
    # the packages are seen, an editable install of the project is not.
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (made.packages / "locked.pth").write_text("\n".join(sorted(here)))
    python = str(made.prefix / "bin" / "python")
    subprocess.run(
        [*PIP, "--python", python, "install", "--no-deps", "--no-index", str(wheel)], check=True
    )
    _take_compiled_code(root, made.packages)
    (made.folder / "music").mkdir()
    for number, song in enumerate(songs.files(tmp_path_factory, N_SONGS)):
        shutil.copy(song, made.folder / "music" / f"song {number}.flac")
    before = made.installed()
    yield made
    assert made.installed() == before, "something was written into the installed package"


def _take_compiled_code(root: Path, packages: Path) -> None:
    """Put what the project's kernels were compiled to beside the installed ones.

    They are the same files, and to compile them takes half a minute of the processor. What is
    compiled holds as long as its source is as old and as long as it was.
    """
    kernels = packages / "fpcore" / "kernels"
    for source in (root / "fpcore" / "kernels").glob("*.py"):
        assert (kernels / source.name).read_bytes() == source.read_bytes()
        age = source.stat()
        os.utime(kernels / source.name, ns=(age.st_atime_ns, age.st_mtime_ns))
    for compiled in Path(pairs.stats.cache_path).glob("*.nb[ci]"):
        shutil.copy(compiled, kernels / "__pycache__")


def test_the_wheel_holds_the_source_with_its_data_and_nothing_that_users_made(
    root: Path, wheel: Path
) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *PACKAGES]
    tracked = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout
    is_there = {name for name in tracked.splitlines() if (root / name).is_file()}
    assert held == {name for name in is_there if not name.endswith(".md")}
    assert {f"{name}/py.typed" for name in PACKAGES} <= held


def test_modules_are_those_of_the_installed_wheel(installation: Installation) -> None:
    code = f"import {', '.join(PACKAGES)}; print({', '.join(f'{n}.__file__' for n in PACKAGES)})"
    files = installation.run("python", "-c", code).split()
    assert [Path(file).parent.parent for file in files] == [installation.packages] * len(PACKAGES)


def test_music_is_learned_and_recognised(installation: Installation) -> None:
    files = ("music/song 0.flac", "music/song 1.flac")
    installation.run("fpcore", "learn", *files, "--jobs", "1")
    answer = json.loads(installation.run("fpcore", "recognize", files[1], "--json"))
    assert answer["results"][0]["match"]["song_name"] == "song 1"
    assert (installation.folder / "music_recognition.db").is_file()


def test_a_sweep_is_reported_and_its_best_trial_promoted_in_the_users_folders(
    installation: Installation,
) -> None:
    (installation.folder / "tiny-sweep.yml").write_text(SPEC)
    kept = installation.home / ".local" / "share" / "fpworkbench"
    installation.run("fpbench", "sweep", "tiny-sweep.yml", "--run", "mine", "--jobs", "1")
    installation.run("fpbench", "report", "mine", "--failures", "0")
    assert (kept / "runs" / "mine" / "report.html").is_file()
    manifest = json.loads((kept / "runs" / "mine" / "manifest.json").read_text())
    assert manifest["git_commit"] is None
    promotion = ("--trial", "t000", "--name", "mine", "--jobs", "1")
    told = installation.run("fpbench", "promote", "mine", *promotion)
    assert str(kept / "profiles" / "mine.json") in told
    assert (installation.home / ".cache" / "fpworkbench" / "corpora").is_dir()
    listed = json.loads(installation.run("fpcore", "profile", "list", "--json"))["profiles"]
    assert {one["name"] for one in listed if one["from"] == "you"} == {"mine"}


@contextmanager
def serving(installation: Installation, **settings: str) -> Iterator[str]:
    """Run the service and give the address that it tells."""
    with subprocess.Popen(
        installation.command("python", "-m", "api"),
        cwd=installation.folder,
        env=installation.environment(FPAPI_PORT="0", FPAPI_DECODE_WORKERS="1", **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            told = re.search(r"http://\S+", server.stdout.readline())
            assert told is not None, server.communicate()[1]
            yield told[0]
        finally:
            server.terminate()
            server.communicate(timeout=60)


def test_the_service_serves_what_was_learned_under_the_promoted_profile(
    installation: Installation,
) -> None:
    learn = ("learn", "music/song 0.flac", "--jobs", "1")
    installation.run("fpcore", *learn, "--profile", "mine", "--db", "mine.db")
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with serving(installation, FPAPI_PROFILE="mine", FPAPI_DATABASE="mine.db") as address:
        stats = json.load(without_proxy.open(f"{address}/stats", timeout=60))
        page = without_proxy.open(f"{address}/", timeout=60).read()
    assert stats["songs"] == 1
    assert b"<html" in page
