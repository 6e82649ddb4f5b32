"""Debian's packages as a corpus, with the real apt-get and dpkg-deb on a small local repository."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from experiments.corpora import Corpus, debian
from experiments.corpora.debian import Collection
from experiments.errors import CorpusError
from fpcore import atomic, audio
from tests import warm

QUIET = Console(quiet=True)
RATE_HZ = 8000

needs_apt = pytest.mark.skipif(
    not (shutil.which("apt-get") and shutil.which("dpkg-deb")), reason="only Debian has apt-get"
)


def write_noise(path: Path, *, seed: int, duration_s: float = 2.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).uniform(-0.3, 0.3, round(duration_s * RATE_HZ))
    soundfile.write(path, noise, RATE_HZ)


@dataclass
class Repository:
    """A flat repository in a folder, and an apt configuration that knows nothing else."""

    folder: Path
    config: Path

    def add(self, name: str, *, seeds: dict[str, int], version: str = "1.0-1") -> None:
        """Build a package with noise of these seeds under ``usr/share/games/<name>``."""
        tree = self.folder / "trees" / name
        for path, seed in seeds.items():
            write_noise(tree / "usr/share/games" / name / path, seed=seed)
        write_noise(tree / "usr/share/games" / name / "sounds/beep.wav", seed=1, duration_s=0.5)
        licence = tree / "usr/share/doc" / name / "copyright"
        licence.parent.mkdir(parents=True)
        licence.write_text("free\n")
        (tree / "usr/share/games" / name / "image.png").write_bytes(b"not needed" * 999)
        control = (
            f"Package: {name}\nVersion: {version}\nArchitecture: all\n"
            "Maintainer: Nobody <nobody@example.org>\nDescription: noise\n"
        )
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text(control)
        deb = self.folder / f"{name}.deb"
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, deb],
            check=True,
            capture_output=True,
        )
        with (self.folder / "Packages").open("a") as index:
            index.write(
                f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\n"
                f"SHA256: {hashlib.sha256(deb.read_bytes()).hexdigest()}\n\n"
            )

    def update(self) -> None:
        """Let apt read the repository's index."""
        environment = {**os.environ, "APT_CONFIG": str(self.config)}
        subprocess.run(["apt-get", "update"], env=environment, check=True, capture_output=True)

    @classmethod
    def new(cls, place: Path) -> Repository:
        """Return a repository with two packages that apt-get knows, and none of the machine's."""
        folder = place / "repository"
        state = place / "apt"
        for part in ("lists/partial", "archives/partial", "parts"):
            (state / part).mkdir(parents=True)
        folder.mkdir()
        (state / "sources.list").write_text(f"deb [trusted=yes] file:{folder} ./\n")
        (state / "status").touch()
        config = state / "apt.conf"
        config.write_text(
            f'Dir::State "{state}";\nDir::State::status "{state}/status";\n'
            f'Dir::State::lists "{state}/lists";\nDir::Cache "{state}";\n'
            f'Dir::Etc::sourcelist "{state}/sources.list";\n'
            f'Dir::Etc::sourceparts "{state}/parts";\n'
            'APT::Sandbox::User "";\n'
        )
        made = cls(folder, config)
        made.fill()
        return made

    def fill(self) -> None:
        """Build the two packages."""
        self.add("tunes-data", seeds={"music/one.wav": 10, "music/deep/two.flac": 11})
        self.add("more-music", seeds={"song.wav": 10, "other.wav": 12}, version="1:2.5~rc-3")
        self.update()


@pytest.fixture(scope="module")
def shared_repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository.new(tmp_path_factory.mktemp("debian"))


@pytest.fixture
def repository(shared_repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository that no test changes, and let apt-get know it alone."""
    monkeypatch.setenv("APT_CONFIG", str(shared_repository.config))
    return shared_repository


@pytest.fixture
def own_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository that a test may change, and let apt-get know it alone."""
    made = Repository.new(tmp_path)
    monkeypatch.setenv("APT_CONFIG", str(made.config))
    return made


TUNES = Collection("tunes", ("more-music", "tunes-data"), min_duration_s=1.0)


def prepare(cache: Path, collection: Collection = TUNES) -> Corpus:
    return debian.prepare(collection, cache_dir=cache, console=QUIET)


@needs_apt
class TestPrepare:
    def test_recordings_are_named_by_package_and_path(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        found = prepare(tmp_path / "cache")
        assert [(t.id, t.group, t.duration_s) for t in found.tracks] == [
            ("more-music/other.wav", "more-music", 2.0),
            ("more-music/song.wav", "more-music", 2.0),
            ("tunes-data/deep/two.flac", "tunes-data", 2.0),
            ("tunes-data/one.wav", "tunes-data", 2.0),
        ]
        assert [(s.name, s.version) for s in found.sources] == [
            ("more-music", "1:2.5~rc-3"),
            ("tunes-data", "1.0-1"),
        ]
        assert found.skipped == ()
        for track in found.tracks:
            assert audio.checksum(found.path_of(track)) == track.checksum

    def test_the_same_file_in_two_packages_is_marked(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        found = prepare(tmp_path / "cache")
        repeated = found.by_id["tunes-data/one.wav"]
        assert repeated.duplicate_of == repeated.work == "more-music/song.wav"

    def test_only_recordings_and_licences_are_kept(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        found = prepare(tmp_path / "cache")
        kept = {p.name for p in (found.root / "packages").rglob("*") if p.is_file()}
        music = {"one.wav", "two.flac", "song.wav", "other.wav", "beep.wav"}
        assert kept == {*music, "copyright", "source.json"}

    def test_reopening_needs_neither_apt_nor_decoding(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = prepare(tmp_path / "cache")
        bytes_before = (first.root / "manifest.json").read_bytes()
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(audio, "decode_blocks", None)
        assert prepare(tmp_path / "cache") == first
        assert (first.root / "manifest.json").read_bytes() == bytes_before

    def test_a_package_that_is_gone_is_recorded_and_the_others_are_used(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        collection = Collection("tunes", (*TUNES.packages, "gone-data"), min_duration_s=1.0)
        found = prepare(tmp_path / "cache", collection)
        assert found.tracks == prepare(tmp_path / "other").tracks
        assert [(s.name, s.reason) for s in found.skipped] == [
            ("gone-data", "is not in apt-get's package lists")
        ]
        assert prepare(tmp_path / "cache", collection) == found

    def test_without_any_package_it_is_refused_with_the_remedy(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        collection = Collection("none", ("gone-data", "lost-data"), min_duration_s=1.0)
        with pytest.raises(CorpusError, match="knows none of the packages of none: run `apt-get"):
            prepare(tmp_path / "cache", collection)
        assert not list((tmp_path / "cache").rglob("manifest.json"))

    def test_a_download_that_fails_is_an_error_and_goes_on_next_time(
        self, own_repository: Repository, tmp_path: Path
    ) -> None:
        deb = own_repository.folder / "tunes-data.deb"
        hidden = deb.rename(own_repository.folder / "hidden")
        with pytest.raises(CorpusError, match=r"`apt-get download` failed for tunes-data \(E: "):
            prepare(tmp_path / "cache")
        packages = tmp_path / "cache" / "tunes" / "packages"
        assert [path.name for path in packages.iterdir()] == ["more-music"]
        hidden.rename(deb)
        (own_repository.folder / "more-music.deb").unlink()
        assert len(prepare(tmp_path / "cache").tracks) == 4

    def test_a_changed_file_is_reported_with_the_remedy(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        found = prepare(tmp_path / "cache")
        found.path_of(found.tracks[0]).unlink()
        write_noise(found.path_of(found.tracks[1]), seed=99)
        with pytest.raises(
            CorpusError, match=r"other\.wav and 1 more is missing or differs .* remove .*tunes, and"
        ):
            prepare(tmp_path / "cache")

    def test_packages_that_the_collection_gains_are_fetched(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        few = Collection("tunes", ("tunes-data",), min_duration_s=1.0)
        assert len(prepare(tmp_path / "cache", few).tracks) == 2
        grown = prepare(tmp_path / "cache")
        assert len(grown.tracks) == 4
        assert grown.tracks == prepare(tmp_path / "other").tracks

    def test_new_groups_of_variants_are_taken_over_at_once(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = prepare(tmp_path / "cache")
        groups = [{"tracks": ["tunes-data/deep/two.flac", "more-music/other.wav"], "reason": "x"}]
        (tmp_path / "works.json").write_text(json.dumps(groups))
        monkeypatch.setattr(debian, "WORKS_FILE", tmp_path / "works.json")
        after = prepare(tmp_path / "cache")
        assert after.by_id["more-music/other.wav"].work == "tunes-data/deep/two.flac"
        assert after.checksum != before.checksum
        assert json.loads((after.root / "manifest.json").read_text())["checksum"] == after.checksum


@needs_apt
class TestKilled:
    SCRIPT = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from experiments.corpora import debian

run = debian._run

def kill_after_unpacking(command, **options):
    output = run(command, **options)
    if command[:2] == ["dpkg-deb", "--extract"] and "tunes-data" in command[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    return output

debian._run = kill_after_unpacking
collection = debian.Collection("tunes", ("more-music", "tunes-data"), 1.0)
debian.prepare(collection, cache_dir=Path(sys.argv[1]), console=Console(quiet=True))
"""

    def test_a_killed_preparation_goes_on_and_takes_no_part_for_a_whole(
        self, own_repository: Repository, tmp_path: Path
    ) -> None:
        command = [warm.python(), "-c", self.SCRIPT, str(tmp_path / "cache")]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        root = tmp_path / "cache" / "tunes"
        [part] = atomic.parts_in(root / "packages")
        assert part.name.startswith(".tunes-data.")
        assert set((root / "packages").iterdir()) == {part, root / "packages" / "more-music"}
        assert not (root / "manifest.json").exists()
        # What is there is not fetched again: it could not be.
        (own_repository.folder / "more-music.deb").unlink()
        found = prepare(tmp_path / "cache")
        assert found.tracks == prepare_elsewhere(own_repository, tmp_path).tracks
        left = sorted(path.name for path in (root / "packages").iterdir())
        assert left == ["more-music", "tunes-data"]


def prepare_elsewhere(repository: Repository, tmp_path: Path) -> Corpus:
    """Return the same corpus, prepared without interruption from packages built again."""
    shutil.rmtree(repository.folder)
    repository.folder.mkdir()
    repository.fill()
    return prepare(tmp_path / "elsewhere")


class TestWithoutApt:
    def test_it_is_named_with_what_to_use_instead(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CorpusError, match=r"tunes needs apt-get and dpkg-deb, .*take `demo`"):
            prepare(tmp_path / "cache")
        assert not (tmp_path / "cache").exists()


class TestCuratedWorks:
    def test_every_group_has_two_tracks_of_known_packages_and_a_reason(self) -> None:
        groups = json.loads(debian.WORKS_FILE.read_text())
        assert groups
        for group in groups:
            assert set(group) == {"tracks", "reason"}
            assert group["reason"]
            assert len(group["tracks"]) >= 2
            assert all(t.split("/")[0] in debian.GAMES.packages for t in group["tracks"])

    def test_no_track_stands_in_two_groups(self) -> None:
        tracks = [track for group in debian.curated_works() for track in group]
        assert len(tracks) == len(set(tracks))
