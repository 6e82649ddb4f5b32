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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import BinaryIO, Self

from fpcore.audio import AudioLimits, checksum, decode_blocks, load_from_first_sound
from fpcore.audio.titles import title_of
from fpcore.bulk.learn import Outcome, extract, learn_files, relocated, unchanged
from fpcore.closing import Closing
from fpcore.config import Profile
from fpcore.errors import ConfigError, ConfigMismatchError
from fpcore.places import Place
from fpcore.profiles import DEFAULT_PROFILE, load_profile, profile_names
from fpcore.records import Appearance, Cut, FloatArray, Recognition, Remixed
from fpcore.search import scan
from fpcore.search.passes import SearchTrace, align
from fpcore.store import JSON, Added, LayoutName, NewSong, Store, holds_something, open_store
from fpcore.store.derived_names import NameBy, derived_name, marked_as_given

AudioSource = str | Path | BinaryIO
"""A path, or an open seekable binary file."""

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
            A profile, or its name or file. Without one, an index is opened under the profile
            at hand that it was made with, and a new one is made with the default.
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
            busy_timeout_s=busy_timeout_s,
        )
        try:
            return cls(store, profile or profile_of(store), limits=limits)
        except BaseException:
            store.close()
            raise

    def learn(
        self,
        source: AudioSource,
        *,
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
        source : str, Path or binary file object
            The audio of the song.
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
        with unchanged(source):
            content = checksum(source)
            known = self.store.known_file(content, strict=strict, allow_duplicates=allow_duplicates)
            if known is not None:
                if known.known_by == "file" and isinstance(source, str | Path):
                    known = replace(known, song=relocated(known.song, Path(source), self.store))
                return known
            self.store.check_writable()
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
        return learn_files(
            paths,
            self.store,
            n_workers=n_workers,
            limits=self.limits,
            strict=strict,
            allow_duplicates=allow_duplicates,
            name_by=name_by,
        )

    def recognize(self, source: AudioSource) -> Recognition:
        """Return which song a recording comes from, or that it is none of them.

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
        return self.align(source).recognition

    def align(self, source: AudioSource) -> SearchTrace:
        """Return everything that `recognize` finds on the way to its answer."""
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
        source: AudioSource,
        *,
        on_cut: Callable[[Cut], None] = _log,
        on_remixed: Callable[[Remixed], None] = _log,
        on_progress: Callable[[float, float | None], None] | None = None,
    ) -> Iterator[Appearance]:
        """Yield every song heard in a long recording, and when, each as soon as it has ended.

        See `fpcore.search.scan`.

        Parameters
        ----------
        source : str, Path or binary file object
            The recording. One that is cut off or damaged on the way is heard up to there.
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
        config, stated = self.profile.fingerprint, [0.0]
        blocks: Iterator[FloatArray] = decode_blocks(
            source,
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

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def profile_of(store: Store) -> Profile:
    """Return the profile at hand that an index was made with; the default one first.

    A profile that cannot be read is passed over: it must not lock the indexes of the others.

    Raises
    ------
    ConfigMismatchError
        When none of the profiles at hand has the index's configuration.
    """
    names = profile_names()
    for name in sorted(names, key=lambda name: name != DEFAULT_PROFILE):
        with suppress(ConfigError):
            profile = load_profile(name)
            if profile.fingerprint.digest == store.config.digest:
                return profile
    raise ConfigMismatchError(
        f"{store.path}: was made with a configuration that none of the profiles at hand has "
        f"({', '.join(names)}): pass the profile that it was made with, "
        "or index its songs again under one of these: `fpcore reindex --profile NAME`"
    )
