"""Library: a store and a profile, and what one does with them.

Everything here is a few calls of `fpcore.audio`, `fpcore.pipeline`, `fpcore.search` and
`fpcore.store`; use those where more control is needed.

>>> import io, tempfile
>>> import numpy as np, soundfile
>>> from fpcore import Library
>>> pitches_hz = np.random.default_rng(1).uniform(200, 4000, (60, 1))
>>> notes = np.sin(2 * np.pi * pitches_hz * np.arange(11_025) / 22_050)
>>> song, clip = io.BytesIO(), io.BytesIO()
>>> soundfile.write(song, 0.5 * notes.ravel(), 22_050, format="WAV")
>>> soundfile.write(clip, 0.5 * notes[20:40].ravel(), 22_050, format="WAV")
>>> with tempfile.TemporaryDirectory() as folder:
...     with Library.open(f"{folder}/music.db", create=True) as library:
...         added = library.learn(song, name="a song of sixty notes")
...         match = library.recognize(clip).match
>>> match.song_name, round(match.offset_s, 1)
('a song of sixty notes', 10.0)
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO, Self, cast, overload

import numpy as np

from fpcore.audio import (
    AudioLimits,
    PassedOver,
    checksum,
    decode_blocks,
    find_audio_files,
    load_from_first_sound,
)
from fpcore.audio.in_memory import Recording, Samples, as_source
from fpcore.audio.titles import title_of
from fpcore.bulk.learn import Outcome, extract, learn_files, relocated, unchanged
from fpcore.bulk.learned import LearnedFiles
from fpcore.closing import Closing
from fpcore.config import Profile
from fpcore.errors import AudioError, ConfigMismatchError
from fpcore.places import Place
from fpcore.profiles import DEFAULT_PROFILE, MadeWith, load_profile
from fpcore.records import Appearance, Cut, FloatArray, Recognition, Remixed, Signal
from fpcore.search import scan
from fpcore.search.duplicates import LEAST_SHARE, Duplicate, duplicates
from fpcore.search.passes import SearchTrace, align
from fpcore.store import (
    JSON,
    Added,
    LayoutName,
    NewSong,
    Song,
    SongList,
    Store,
    StoreStats,
    holds_something,
    open_store,
)
from fpcore.store.choosing import id_of
from fpcore.store.derived_names import NameBy, derived_name, marked_as_given
from fpcore.store.own_profile import profile_of
from fpcore.warmup import load_kernels, make_ready

if TYPE_CHECKING:
    from fpcore.display.frame import ShownFigure

AudioSource = str | Path | BinaryIO
"""A path, or an open seekable binary file."""

Which = int | str | Song
"""A song: itself, its id, or its exact name."""

logger = logging.getLogger(__name__)


def _log(note: Cut | Remixed) -> None:
    logger.warning("%s", note)


class Library(Closing):
    """An index of songs under one profile. Safe to use from several threads.

    Parameters
    ----------
    store : Store
        The index; the library closes it.
    profile : Profile
        Its fingerprint part must be the one that the index was made with.
    limits : AudioLimits, optional
        Bounds on the audio that is decoded.

    Raises
    ------
    ConfigMismatchError
        When the index was made with another configuration than the profile's.
    """

    def __init__(
        self, store: Store, profile: Profile, *, limits: AudioLimits | None = None
    ) -> None:
        if store.config.digest != profile.fingerprint.digest:
            raise ConfigMismatchError(
                f"{store.path}: was not made with the configuration of profile {profile.name!r}: "
                "use the profile that it was made with, or index its songs again under this one: "
                "`fpcore reindex --profile NAME|FILE`, with its name among the profiles or its file"
            )
        self.store = store
        self.profile = profile
        self.limits = limits or AudioLimits()

    @classmethod
    def open(
        cls,
        path: str | Place,
        profile: Profile | str | Path | None = None,
        *,
        create: bool = False,
        layout: LayoutName | None = None,
        busy_timeout_s: float = 30.0,
        limits: AudioLimits | None = None,
    ) -> Self:
        """Open an index.

        Parameters
        ----------
        path : str, Path or Address
            The database file, or ``postgresql://…``, the address of a PostgreSQL database.
        profile : Profile, str or Path, optional
            A profile, or its name or file. Without one, an index is opened under the profile that
            it was made with (see `fpcore.store.own_profile`), and a new one is made with the
            default.
        create : bool
            Make the index when there is none.
        layout : {"classic", "segments"}, optional
            How a new index keeps its postings; see `fpcore.store.open_store`.
        busy_timeout_s : float
            Seconds that a write waits for other writers.
        limits : AudioLimits, optional
            Bounds on the audio that is decoded.

        Returns
        -------
        Library
            To be closed after use, best as a context manager.

        Raises
        ------
        StoreError
            When the database cannot be used.
        ConfigMismatchError
            When it was made with another configuration than the profile's.
        ConfigError
            When the profile cannot be read.
        """
        if isinstance(profile, str | Path):
            profile = load_profile(profile)
        if profile is None and create and not holds_something(path):
            profile = load_profile(DEFAULT_PROFILE)
        config = profile.fingerprint if profile else None
        store = open_store(
            path,
            config,
            create=create and config is not None,
            layout=layout,
            made_with=MadeWith.of(profile) if profile and create else None,
            busy_timeout_s=busy_timeout_s,
        )
        try:
            return cls(store, profile or profile_of(store), limits=limits)
        except BaseException:
            store.close()
            raise

    @overload
    def learn(
        self,
        source: BinaryIO | bytes | Signal | Samples,
        *,
        sample_rate_hz: float | None = None,
        name: str | None = None,
        metadata: Mapping[str, JSON] | None = None,
        strict: bool = False,
        allow_duplicates: bool = False,
        name_by: NameBy = "tags",
    ) -> Added: ...

    @overload
    def learn(  # type: ignore[overload-overlap]  # a text is an iterable of texts, too
        self,
        source: str | Path,
        *,
        name: str | None = None,
        metadata: Mapping[str, JSON] | None = None,
        strict: bool = False,
        allow_duplicates: bool = False,
        name_by: NameBy = "tags",
    ) -> Added | LearnedFiles: ...

    @overload
    def learn(
        self,
        source: Iterable[str | Path],
        *,
        strict: bool = False,
        allow_duplicates: bool = False,
        name_by: NameBy = "tags",
    ) -> LearnedFiles: ...

    def learn(
        self,
        source: Recording | Iterable[str | Path],
        *,
        sample_rate_hz: float | None = None,
        name: str | None = None,
        metadata: Mapping[str, JSON] | None = None,
        strict: bool = False,
        allow_duplicates: bool = False,
        name_by: NameBy = "tags",
    ) -> Added | LearnedFiles:
        """Learn a recording, or all in a folder, or many.

        Many are learned by worker processes, which import the script that asks for it: it must do
        so under ``if __name__ == "__main__":``. In a notebook there is nothing to heed.

        Parameters
        ----------
        source : str, Path, binary file object, bytes, ndarray, Signal, or iterable of str or Path
            One recording, as for `learn_one`. A folder, or several files and folders, are learned
            on all cores, as `fpcore learn` does it; there a file that fails stops no other.
        sample_rate_hz : float, optional
            The rate of an array, in hertz.
        name : str, optional
            What to call a single song.
        metadata : mapping of str to JSON, optional
            What else to keep with a single song.
        strict : bool
            Refuse recordings that are cut off or damaged on the way.
        allow_duplicates : bool
            Learn the audio of a song that is there again from another file.
        name_by : {"tags", "file"}
            What songs are called by that are given no name, as for `learn_one`.

        Returns
        -------
        Added or LearnedFiles
            Of one recording its song, and whether it is new; of a folder or several, what became of
            each file.

        Raises
        ------
        AudioError
            When a single recording cannot be learned, or a folder holds none.
        ValueError
            When many recordings are given one name or metadata.
        StoreError
            When the index cannot be written.
        """
        paths = _several(source)
        if paths is None:
            return self.learn_one(
                cast(Recording, source),
                sample_rate_hz=sample_rate_hz,
                name=name,
                metadata=metadata,
                strict=strict,
                allow_duplicates=allow_duplicates,
                name_by=name_by,
            )
        if name is not None or metadata is not None or sample_rate_hz is not None:
            raise ValueError("name, metadata and sample_rate_hz are for a single recording")
        faults: list[AudioError] = []
        passed: list[PassedOver] = []
        files = list(find_audio_files(paths, on_error=faults.append, on_passed=passed.append))
        if not files:
            raise faults[0] if faults else AudioError(f"there is no audio file in {paths}")
        outcomes = self.learn_files(
            files, strict=strict, allow_duplicates=allow_duplicates, name_by=name_by
        )
        return LearnedFiles(tuple(outcomes), tuple(passed), tuple(map(str, faults)))

    def learn_one(
        self,
        source: Recording,
        *,
        sample_rate_hz: float | None = None,
        name: str | None = None,
        metadata: Mapping[str, JSON] | None = None,
        strict: bool = False,
        allow_duplicates: bool = False,
        name_by: NameBy = "tags",
        on_remixed: Callable[[Remixed], None] = _log,
    ) -> Added:
        """Learn one song, as much of it as can be decoded.

        The same content again gives the song that is there, with ``created`` False, and so does the
        same audio under other tags or in another container. If the file that it was learned from is
        gone, the index then remembers the new file when its content is the same.

        Parameters
        ----------
        source : str, Path, binary file object, bytes, ndarray or Signal
            The audio of the song.
        sample_rate_hz : float, optional
            The rate of an array, in hertz.
        name : str, optional
            What to call it; without one, see ``name_by``.
        metadata : mapping of str to JSON, optional
            What else to keep with it.
        strict : bool
            Refuse a recording that is cut off or damaged on the way; without, the song says how
            much there was of it (`fpcore.store.Song.cut`).
        allow_duplicates : bool
            Learn the audio of a song that is there again from another file.
        name_by : {"tags", "file"}
            Whether a song without a name is called as its tags say, "Artist – Title", where they
            have a title, or as its file without the ending in any case.
        on_remixed : callable, optional
            Told when channels were reversed or left out; by default that is logged as a warning.

        Returns
        -------
        Added
            The song, and whether it is new.

        Raises
        ------
        AudioError
            When nothing of the source can be decoded, or not all with ``strict``, when it gives no
            fingerprint, or is a file that was written to meanwhile.
        StoreError
            When it cannot be written; then nothing was.
        """
        source = as_source(source, sample_rate_hz)
        with unchanged(source):
            content = checksum(source)
            known = self.store.known_file(content, strict=strict, allow_duplicates=allow_duplicates)
            if known is not None:
                if known.known_by == "file" and isinstance(source, str | Path):
                    known = replace(known, song=relocated(known.song, Path(source), self.store))
                return known
            self.store.check_writable()
            make_ready(self.profile)
            found = extract(source, self.profile.fingerprint, self.limits, strict=strict)
            title = title_of(source) if not name and name_by == "tags" else None
        if found.remixed is not None:
            on_remixed(found.remixed)
        file = Path(source) if isinstance(source, str | Path) else None
        described: dict[str, JSON] = {} if file is None else {"source": str(file.resolve())}
        described |= metadata or {}
        if name:
            described = marked_as_given(name, described)
        else:
            called = derived_name(title, file=file, source=described.get("source"))
            name, described = called.name, {**described, **called.mark}
        song = NewSong(name, content, found.duration_s, described, found.cut)
        return self.store.add_song(
            song, found.hashes, found.constellation, allow_duplicates=allow_duplicates
        )

    def learn_files(
        self,
        paths: Iterable[Path],
        *,
        n_workers: int | None = None,
        strict: bool = False,
        allow_duplicates: bool = False,
        name_by: NameBy = "tags",
    ) -> Iterator[Outcome]:
        """Learn many files on all cores; see `fpcore.bulk.learn.learn_files`.

        Parameters
        ----------
        paths : iterable of Path
            Audio files; one that fails is reported and the rest go on.
        n_workers : int, optional
            Worker processes, >= 1; without, one for each core.
        strict : bool
            Let files fail that are cut off or damaged on the way.
        allow_duplicates : bool
            Learn the audio of a song that is there again from another file.
        name_by : {"tags", "file"}
            What the songs are called by; see `learn`.

        Returns
        -------
        iterator of Outcome
            One for each path, in the order in which they are done.
        """
        make_ready(self.profile)
        return learn_files(
            paths,
            self.store,
            n_workers=n_workers,
            limits=self.limits,
            strict=strict,
            allow_duplicates=allow_duplicates,
            name_by=name_by,
        )

    def recognize(self, source: Recording, *, sample_rate_hz: float | None = None) -> Recognition:
        """Return which song a recording comes from, or that it is none of them.

        It is a path, an open binary file, the bytes of a file, a `Signal`, or an array with its
        rate.

        Of a long recording the first ``max_query_s`` seconds of the profile from its first sound on
        are used; see `scan`.
        Of one that is cut off or damaged on the way, what can be decoded is: ``cut`` says so.
        ``remixed`` says when channels were reversed or left out; see `fpcore.audio.downmix`.

        Raises
        ------
        AudioError
            When nothing of the source can be decoded.
        StoreError
            When the index cannot be read.
        """
        return self.align(source, sample_rate_hz=sample_rate_hz).recognition

    def align(self, source: Recording, *, sample_rate_hz: float | None = None) -> SearchTrace:
        """Return everything that `recognize` finds on the way to its answer."""
        source = as_source(source, sample_rate_hz)
        load_kernels(self.profile, self.store)
        started = perf_counter()
        config = self.profile.fingerprint
        cuts: list[Cut] = []
        remixed: list[Remixed] = []
        signal = load_from_first_sound(
            source,
            sample_rate_hz=config.sample_rate_hz,
            resampler=config.resampler,
            limits=self.limits,
            duration_s=self.profile.query.max_query_s,
            on_cut=cuts.append,
            on_remixed=remixed.append,
        )
        trace = align(signal, self.store, self.profile, decode_s=perf_counter() - started)
        return replace(trace, cut=Cut.of(cuts), remixed=next(iter(remixed), None))

    def scan(
        self,
        source: Recording,
        *,
        sample_rate_hz: float | None = None,
        on_cut: Callable[[Cut], None] = _log,
        on_remixed: Callable[[Remixed], None] = _log,
        on_progress: Callable[[float, float | None], None] | None = None,
    ) -> Iterator[Appearance]:
        """Yield every song heard in a long recording, and when, each as soon as it has ended.

        See `fpcore.search.scan`.

        Parameters
        ----------
        source : str, Path, binary file object, bytes, ndarray or Signal
            The recording. One that is cut off or damaged on the way is heard up to there.
        sample_rate_hz : float, optional
            The rate of an array, in hertz.
        on_cut : callable, optional
            Told how much of such a recording was heard; by default that is logged as a warning.
        on_remixed : callable, optional
            Told when channels of it were reversed or left out; by default that is logged, too.
        on_progress : callable, optional
            Told time and again how many seconds have been searched, and how many there are as far
            as the header states that.

        Yields
        ------
        Appearance
            One for each play. A short one that ends while another song plays on comes before that.

        Raises
        ------
        AudioError
            When nothing of the source can be decoded.
        StoreError
            When the index cannot be read.
        """
        make_ready(self.profile)
        config, stated = self.profile.fingerprint, [0.0]
        blocks: Iterator[FloatArray] = decode_blocks(
            as_source(source, sample_rate_hz),
            sample_rate_hz=config.sample_rate_hz,
            resampler=config.resampler,
            limits=self.limits,
            on_cut=on_cut,
            on_remixed=on_remixed,
            on_stated=stated.append,
        )
        if on_progress is not None:
            blocks = self._watched(blocks, stated, on_progress)
        return scan.scan(blocks, self.store, self.profile)

    def _watched(
        self,
        blocks: Iterator[FloatArray],
        stated_s: list[float],
        on_progress: Callable[[float, float | None], None],
    ) -> Iterator[FloatArray]:
        """Yield ``blocks``, and tell how much of them is done whenever another one is asked for."""
        n_samples = 0
        for block in blocks:
            yield block
            n_samples += len(block)
            done_s = n_samples / self.profile.fingerprint.sample_rate_hz
            total_s = min(max(stated_s), self.limits.max_duration_s)
            on_progress(done_s, total_s if total_s >= done_s else None)

    def explain(self, source: Recording, *, sample_rate_hz: float | None = None) -> ShownFigure:
        """Return a picture of how a recording was recognised, or why it was not.

        A notebook shows it, and its ``savefig`` writes it to a file.

        Raises
        ------
        AudioError
            When nothing of the source can be decoded.
        StoreError
            When the index cannot be read.
        """
        from fpcore.display import explanation_figure
        from fpcore.search.explain import explain

        trace = self.align(source, sample_rate_hz=sample_rate_hz)
        return explanation_figure(explain(trace, self.store, self.profile))

    def songs(
        self, *, search: str | None = None, limit: int | None = None, offset: int = 0
    ) -> SongList:
        """Return songs in the order in which they were learned.

        Parameters
        ----------
        search : str, optional
            Only songs with this in the name, in either case.
        limit : int, optional
            At most so many, >= 0; without, all.
        offset : int
            Leave out the first so many, >= 0.

        Returns
        -------
        SongList
            A list that a notebook shows as a table.
        """
        return SongList(self.store.songs(name_contains=search, limit=limit, offset=offset))

    def song(self, which: Which) -> Song:
        """Return a song by its id or its exact name; raises `UnknownSongError` without one."""
        return self.store.song(id_of(self.store, which))

    def rename(self, which: Which, name: str) -> Song:
        """Give a song another name, and return it; its audio file keeps its own."""
        return self.store.rename(id_of(self.store, which), name)

    def remove(self, which: Which) -> Song:
        """Remove a song, and return what it was; its audio file stays."""
        return self.store.remove(id_of(self.store, which))

    def stats(self) -> StoreStats:
        """Return how large the index is."""
        return self.store.stats()

    def duplicates(self, *, least_share: float = LEAST_SHARE) -> list[Duplicate]:
        """Return the songs that are the same recording as another one, or a part of it.

        ``least_share`` of the shorter one's hashes must be found in the other; see
        `fpcore.search.duplicates`.
        """
        return list(duplicates(self.store, least_share=least_share))

    def __repr__(self) -> str:
        return f"<Library {str(self.store.path)!r} under profile {self.profile.name!r}>"

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def _several(source: object) -> list[str | Path] | None:
    """Return the files and folders of a source that is many recordings; None of a single one."""
    if isinstance(source, str | Path):
        return [source] if os.path.isdir(source) else None
    if isinstance(source, bytes | bytearray | memoryview | np.ndarray | Signal):
        return None
    if hasattr(source, "read") or not isinstance(source, Iterable):
        return None
    return list(source)
