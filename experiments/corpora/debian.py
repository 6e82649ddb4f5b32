"""The corpora ``debian-games`` and ``debian-speech``: recordings in Debian's packages.

The packages are downloaded with ``apt-get download`` and unpacked with ``dpkg-deb -x``; nothing
is installed and the user need not be root. A package that the package lists no longer hold is
left out, and the manifest says so. Recordings shorter than the collection's limit in seconds,
mostly sound effects, are not listed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from experiments.corpora.manifest import (
    Corpus,
    Skipped,
    Source,
    Track,
    mark_duplicates,
    read_manifest,
    with_works,
    write_manifest,
)
from experiments.corpora.survey import Surveyed, check_unchanged, progress_bar, survey
from experiments.errors import CorpusError
from fpcore import atomic, audio

WORKS_FILE = Path(__file__).with_name("debian_games_works.json")
"""Curated groups of variants of one piece: ``tracks`` (their ids) and the ``reason``."""

SOURCE_FILE = "source.json"

GONE = (
    "unable to locate package",
    "no packages found",
    "can't find a source to download",
    "can't select candidate version",
)
"""What apt-get says, in lower case, of a package that the lists do not hold."""


class PackageGoneError(CorpusError):
    """A package that apt-get's lists do not hold, or no longer do."""


@dataclass(frozen=True)
class Collection:
    """Packages that make one corpus, and the shortest recording that counts, in seconds."""

    name: str
    packages: tuple[str, ...]
    min_duration_s: float


GAMES = Collection(
    "debian-games",
    (
        "amoebax-data",
        "asc-music",
        "extremetuxracer-data",
        "fillets-ng-data",
        "flare-game",
        "fretsonfire-songs-muldjord",
        "fretsonfire-songs-sectoid",
        "hedgewars-data",
        "lincity-ng-data",
        "lugaru-data",
        "openclonk-data",
        "supertux-data",
        "trackballs-data",
        "warmux-data",
        "wesnoth-1.16-music",
        "xmoto-data",
    ),
    min_duration_s=30.0,
)
"""Soundtracks: orchestral, rock, metal, chiptune, ambient."""

SPEECH = Collection(
    "debian-speech", ("fillets-ng-data-cs", "fillets-ng-data-nl"), min_duration_s=0.5
)
"""Short clips of real speech in two languages, as material for babble."""


def prepare(collection: Collection, *, cache_dir: Path, console: Console) -> Corpus:
    """Return the corpus, downloaded and surveyed first where that has not been done.

    Parameters
    ----------
    collection : Collection
        `GAMES` or `SPEECH`.
    cache_dir : Path
        Folder of all corpora.
    console : Console
        Where progress is shown.

    Returns
    -------
    Corpus
        Its root is ``cache_dir / collection.name``.

    Raises
    ------
    CorpusError
        If ``apt-get`` is missing, a download fails, or the files differ from the manifest.
    """
    root = cache_dir / collection.name
    ledger = root / "survey.jsonl"
    corpus = read_manifest(root / "manifest.json", root=root)
    if corpus is None or not _covers(corpus, collection):
        corpus = _build(collection, root=root, ledger=ledger, console=console)
    else:
        remedy = f"remove {root}, and it is downloaded again"
        check_unchanged(root, corpus.tracks, ledger=ledger, console=console, remedy=remedy)
    corpus = with_works(corpus, curated_works())
    write_manifest(corpus, root / "manifest.json")
    return corpus


def curated_works() -> list[tuple[str, ...]]:
    """Return the groups of track ids that a person found to be variants of one piece."""
    groups = json.loads(WORKS_FILE.read_text(encoding="utf-8"))
    return [tuple(group["tracks"]) for group in groups]


def _build(collection: Collection, *, root: Path, ledger: Path, console: Console) -> Corpus:
    """Fetch what is missing, survey it, and return the corpus."""
    _require_tools(collection.name)
    packages = root / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        gone = list(_fetch_all(collection.packages, packages, console=console))
    tracks: list[Track] = []
    skipped, sources = gone, []
    for name in sorted(collection.packages):
        folder = packages / name
        if not folder.is_dir():
            continue
        source = Source.model_validate_json((folder / SOURCE_FILE).read_bytes())
        files = [file.relative_to(root).as_posix() for file in _recordings(folder)]
        surveyed, unusable = survey(
            root, files, ledger=ledger, console=console, label=f"decoding {source.name}"
        )
        kept = [row for row in surveyed if row.duration_s >= collection.min_duration_s]
        tracks += _name(kept, group=source.name)
        skipped += unusable
        sources.append(source)
    if not tracks:
        raise CorpusError(
            f"apt-get knows none of the packages of {collection.name}: run `apt-get update` as "
            "root on Debian, or take another corpus"
        )
    return Corpus(collection.name, root, mark_duplicates(tracks), tuple(sources), tuple(skipped))


def _name(rows: list[Surveyed], *, group: str) -> Iterator[Track]:
    """Yield tracks whose ids are the package and the path below what all its paths share."""
    if not rows:
        return
    shared = os.path.commonpath([os.path.dirname(row.path) for row in rows])
    for row in rows:
        yield row.as_track(f"{group}/{os.path.relpath(row.path, shared)}", group=group)


def _covers(corpus: Corpus, collection: Collection) -> bool:
    """Return whether the manifest tells of every package that the collection has by now."""
    told = {source.name for source in corpus.sources} | {skip.name for skip in corpus.skipped}
    return told.issuperset(collection.packages)


def _require_tools(name: str) -> None:
    """Refuse to go on where Debian's commands are missing."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CorpusError(
            f"the corpus {name} needs apt-get and dpkg-deb, which this system does not have: "
            "take `demo`, `generated` or `folder:PATH`"
        )


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other process fetches into ``root``; a killed one holds nothing up."""
    import fcntl  # only on systems of the kind that have apt-get

    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_all(names: Iterable[str], packages: Path, *, console: Console) -> Iterator[Skipped]:
    """Unpack each package that is not yet there; yield those that are gone."""
    missing = [name for name in names if not (packages / name).is_dir()]
    if not missing:
        return
    atomic.discard_parts(packages)  # who holds the lock is alone: they are of killed processes
    with progress_bar(console) as bar:
        task = bar.add_task("", total=len(missing))
        for name in missing:
            bar.update(task, description=f"downloading {name}")
            try:
                _fetch(name, packages / name)
            except PackageGoneError:
                yield Skipped(name=name, reason="is not in apt-get's package lists")
            bar.advance(task)


def _fetch(name: str, target: Path) -> None:
    """Make ``target`` of the audio files, the licence and the version of a package."""
    with atomic.whole_folder(target) as partial:
        work = partial / "work"
        work.mkdir()
        _download(name, work)
        deb = next(work.glob("*.deb"))
        unpacked = work / "unpacked"
        _run(["dpkg-deb", "--extract", str(deb), str(unpacked)], folder=work)
        version = _run(["dpkg-deb", "--field", str(deb), "Version"], folder=work).strip()
        licence = unpacked / "usr/share/doc" / name / "copyright"
        for file in (*_recordings(unpacked), licence):
            if file.is_file() and not file.is_symlink():
                place = partial / file.relative_to(unpacked)
                place.parent.mkdir(parents=True, exist_ok=True)
                file.rename(place)
        source = Source(name=name, version=version)
        (partial / SOURCE_FILE).write_text(source.model_dump_json() + "\n", encoding="utf-8")
        shutil.rmtree(work)


def _recordings(folder: Path) -> Iterator[Path]:
    """Yield the files called as audio: films and other things with sound are no songs."""
    for file in audio.find_audio_files([folder]):
        if file.suffix.lower() in audio.SUPPORTED_SUFFIXES:
            yield file


def _download(name: str, folder: Path) -> None:
    """Put the package file of ``name`` into ``folder``."""
    try:
        _run(["apt-get", "download", "--quiet", name], folder=folder)
    except CorpusError as error:
        if any(phrase in str(error).lower() for phrase in GONE):
            raise PackageGoneError(
                f"apt-get's package lists do not hold the package {name}"
            ) from error
        raise CorpusError(
            f"{error}: run `apt-get update` as root or try again later; what was fetched is kept"
        ) from error


def _run(command: list[str], *, folder: Path) -> str:
    """Return what ``command`` prints, run in ``folder`` with English messages."""
    finished = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if finished.returncode:
        lines = [line for line in finished.stderr.splitlines() if line.startswith("E:")]
        reason = (lines or finished.stderr.splitlines() or ["no reason given"])[0]
        raise CorpusError(
            f"`{command[0]} {command[1]}` failed for {command[-1]} ({reason.strip()})"
        )
    return finished.stdout
