"""Benchmark of the service: what it costs on top of the core, over HTTP, on one index in one run.

Everything runs on this machine and shares its cores: the server with its processes, and the
clients that ask it. One client at a time keeps one core busy, since at any moment one process
alone works on a request; the throughput for one client is therefore that of one core. A server is
warm when it has been asked about each of the clips.
"""

from __future__ import annotations

import os
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic, perf_counter, sleep

import numpy as np

from experiments.corpora import Corpus
from experiments.folders import temporary_folder
from experiments.progress import Tell
from experiments.seeds import seeded_rng
from experiments.studies.benchmarks.core import Figure
from experiments.studies.benchmarks.server import (
    Client,
    Server,
    ServerError,
    ServiceAnswer,
    form_of,
    serving,
)
from experiments.studies.large_index.songs import (
    clips,
    fill,
    real_songs,
    synthetic_songs,
    tokens_of,
)
from experiments.workers import own_process
from fpcore import Library
from fpcore.bulk.parent import end_with_parent
from fpcore.config import Profile
from fpcore.profiles import save_profile
from fpcore.records import Recognition
from fpcore.store import open_store

CLIP_S = 10.0
N_CLIENTS = 4
WATCH_EVERY_S = 0.02
"""Pause between two questions whether a saturated server is alive."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Extent of the measurements; the values to reach are meant for the defaults.

    ``n_timed`` requests are timed beside the core. Throughput is the median of ``n_rounds``
    of ``n_per_round`` requests each way. Memory is watched over ``n_watched`` requests. For
    ``saturation_s`` a server that works on ``capacity`` requests is asked by four times as many
    clients, who ask again as soon as they are answered or refused.
    """

    n_songs: int = 400
    n_clips: int = 20
    n_timed: int = 200
    n_rounds: int = 5
    n_per_round: int = 80
    n_watched: int = 2000
    saturation_s: float = 20.0
    capacity: int = 4


def measure(
    source: Corpus, profile: Profile, extent: Extent, *, show: Tell = lambda what: None
) -> Iterator[Figure]:
    """Yield the figures of the service, as they are measured.

    Parameters
    ----------
    source : Corpus
        Songs that are learned among synthetic ones, and asked.
    profile : Profile
        Which the service is started with.
    extent : Extent
        How much is measured.
    show : Tell, optional
        Is told what is being measured.

    Yields
    ------
    Figure

    Raises
    ------
    ServerError
        When the service does not start, or answers otherwise than the core.
    """
    with temporary_folder() as folder:
        settings = {"database": folder / "index.db", "profile": folder / "profile.json"}
        save_profile(profile, settings["profile"])
        show("Learning")
        _fill(settings["database"], source, profile, extent.n_songs, show)
        clips = _clips(folder, source, profile, extent.n_clips)
        with serving(folder / "server", **settings) as server:
            show("Timing requests beside the core")
            with Library.open(settings["database"], profile) as library:
                yield from overhead(server, library, clips, extent)
            show("Asking with one client and with several")
            yield from throughput(server, clips, extent)
            show("Watching the memory")
            yield from memory(server, clips, extent)
        show("Asking more than can be answered")
        with serving(folder / "server", max_jobs=extent.capacity, **settings) as server:
            yield from saturation(server, clips, extent)


def overhead(
    server: Server, library: Library, clips: Sequence[Path], extent: Extent
) -> Iterator[Figure]:
    """Yield the median time of a request and of the core's own call, asked in turn.

    Parameters
    ----------
    server : Server
        Serves the same index as ``library``.
    library : Library
        The core.
    clips : sequence of Path
        WAV files to ask.
    extent : Extent
        ``n_timed`` requests are timed, after one for each clip that is not.

    Yields
    ------
    Figure

    Raises
    ------
    ServerError
        When the service answers otherwise than the core.
    """
    forms = [form_of(clip.read_bytes()) for clip in clips]
    http_s, core_s = [], []
    with server.client() as client:
        for number in range(-len(clips), extent.n_timed):
            which = number % len(clips)
            started = perf_counter()
            answer = client.recognize(forms[which])
            answered = perf_counter()
            found = library.recognize(clips[which])
            core_s.append(perf_counter() - answered)
            http_s.append(answered - started)
            _compare(answer, found)
    warm = slice(len(clips), None)
    http_ms = 1e3 * statistics.median(http_s[warm])
    core_ms = 1e3 * statistics.median(core_s[warm])
    what = f"a {CLIP_S:g} s WAV among {library.store.n_songs()} songs, warm, p50"
    yield Figure(f"POST /recognize of {what}", http_ms, "ms")
    yield Figure(f"the core's own call with {what}", core_ms, "ms")
    yield Figure("HTTP over the core's own call", http_ms - core_ms, "ms", 25)


def throughput(server: Server, clips: Sequence[Path], extent: Extent) -> Iterator[Figure]:
    """Yield how many requests a second are answered to one client and to several, by turns.

    Parameters
    ----------
    server : Server
        A server that may be cold: it is warmed first.
    clips : sequence of Path
        WAV files to ask.
    extent : Extent
        ``n_rounds`` rounds of ``n_per_round`` requests each way.

    Yields
    ------
    Figure
    """
    forms = [form_of(clip.read_bytes()) for clip in clips]
    ask(server, forms, n_requests=len(forms), n_clients=N_CLIENTS)
    alone: list[float] = []
    together: list[float] = []
    for _ in range(extent.n_rounds):
        for n_clients, rates in ((1, alone), (N_CLIENTS, together)):
            started = perf_counter()
            ask(server, forms, n_requests=extent.n_per_round, n_clients=n_clients)
            rates.append(extent.n_per_round / (perf_counter() - started))
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gain = statistics.median(np.divide(together, alone).tolist())
    yield Figure(
        "one client at a time, which one core serves", statistics.median(alone), "a second"
    )
    name = f"{N_CLIENTS} clients at once, {n_cores} cores"
    yield Figure(name, statistics.median(together), "a second")
    yield Figure(f"throughput of {n_cores} cores over one core's", gain, "×", 1.5, at_least=True)


def memory(server: Server, clips: Sequence[Path], extent: Extent) -> Iterator[Figure]:
    """Yield the resident memory after many requests, and how much it grew over them.

    Parameters
    ----------
    server : Server
        A warm server.
    clips : sequence of Path
        WAV files to ask.
    extent : Extent
        ``n_watched`` requests.

    Yields
    ------
    Figure
    """
    forms = [form_of(clip.read_bytes()) for clip in clips]
    measured: list[int] = []
    every = max(1, extent.n_watched // 100)
    ask(
        server,
        forms,
        n_requests=extent.n_watched,
        n_clients=N_CLIENTS,
        between=lambda n: measured.append(server.memory_bytes()) if n % every == 0 else None,
    )
    tenth = max(1, len(measured) // 10)
    first, last = (statistics.median(part) for part in (measured[:tenth], measured[-tenth:]))
    yield Figure("resident memory, all processes of the server", last / 1e6, "MB")
    name = f"growth of it over {extent.n_watched} requests, last tenth against first"
    yield Figure(name, 100 * (last / first - 1), "%", 5)


def ask(
    server: Server,
    forms: Sequence[bytes],
    *,
    n_requests: int,
    n_clients: int,
    between: Callable[[int], object] = lambda number: None,
) -> None:
    """Send requests from several clients in parallel.

    Parameters
    ----------
    server : Server
        Where they are sent.
    forms : sequence of bytes
        Bodies as `form_of` makes them, sent in turn.
    n_requests : int
        Requests of all clients together.
    n_clients : int, at least 1
        Clients, each with a thread and a connection of its own.
    between : callable, optional
        Called after each answer with the number of its request, from any thread.

    Raises
    ------
    ServerError
        When one is not answered with 200.
    """
    numbers = count()

    def work(_: int) -> None:
        with server.client() as client:
            while (number := next(numbers)) < n_requests:
                answer = client.recognize(forms[number % len(forms)])
                if answer.status != 200:
                    raise ServerError(f"a request was answered {answer.status}: {answer.body}")
                between(number)

    with ThreadPoolExecutor(n_clients) as threads:
        list(threads.map(work, range(n_clients)))


def saturation(server: Server, clips: Sequence[Path], extent: Extent) -> Iterator[Figure]:
    """Yield how long ``/healthz`` takes while more is asked than can be answered.

    Parameters
    ----------
    server : Server
        A server that works on ``extent.capacity`` requests at a time.
    clips : sequence of Path
        WAV files to ask.
    extent : Extent
        Asked for ``saturation_s`` seconds by four times ``capacity`` clients.

    Yields
    ------
    Figure

    Raises
    ------
    ServerError
        When an answer has another status than 200 and 503.
    """
    forms = [form_of(clip.read_bytes()) for clip in clips]
    n_clients = 4 * extent.capacity
    # In a process of their own, the clients do not delay the one that takes the times.
    own_pool = ProcessPoolExecutor(1, own_process(), end_with_parent)
    with own_pool as crowd, server.client() as client:
        crowd.submit(len, forms).result()
        pressing = crowd.submit(press, server.port, forms, n_clients, extent.saturation_s)
        waits_s = []
        while not pressing.done():
            started = perf_counter()
            answer = client.healthz()
            waits_s.append(perf_counter() - started)
            if answer.status != 200:
                raise ServerError(f"/healthz was answered {answer.status}: {answer.body}")
            sleep(WATCH_EVERY_S)
        statuses = pressing.result()
    if not {200, 503} >= set(statuses):
        raise ServerError(f"a saturated server answered other than 200 and 503: {statuses}")
    what = f"{n_clients} clients, {statuses[200]} answered, {statuses[503]} refused"
    p95_s, highest_s = np.percentile(waits_s, [95, 100]).tolist()
    yield Figure(f"/healthz, p95 of {len(waits_s)}: {what}", 1e3 * p95_s, "ms", 100)
    yield Figure("/healthz, longest of them", 1e3 * highest_s, "ms", 100)


def press(port: int, forms: Sequence[bytes], n_clients: int, duration_s: float) -> Counter[int]:
    """Ask without a pause, refused or not, and return how often each status was the answer.

    Parameters
    ----------
    port : int
        Port of the server on this machine.
    forms : sequence of bytes
        Bodies as `form_of` makes them.
    n_clients : int, at least 1
        Clients, each with a thread and a connection of its own.
    duration_s : float
        Seconds after which no new request is sent.

    Returns
    -------
    Counter
        HTTP status -> number of answers.
    """
    ends = monotonic() + duration_s

    def work(first: int) -> Counter[int]:
        statuses: Counter[int] = Counter()
        with Client(port) as client:
            for number in count(first):
                if monotonic() > ends:
                    break
                statuses[client.recognize(forms[number % len(forms)]).status] += 1
        return statuses

    with ThreadPoolExecutor(n_clients) as threads:
        return sum(threads.map(work, range(n_clients)), Counter[int]())


def _compare(answer: ServiceAnswer, found: Recognition) -> None:
    """Refuse times of answers that are none, or other ones than the core's."""
    expected = None if found.match is None else (found.match.song_id, found.match.offset_s)
    body = answer.body
    told = (body["song_id"], body["offset_s"]) if body.get("matched") else None
    if answer.status != 200 or told != expected:
        raise ServerError(f"the service answered {answer.status} {told}, the core {expected}")


def _fill(database: Path, source: Corpus, profile: Profile, n_songs: int, show: Tell) -> None:
    """Make an index of the corpus's songs, and of synthetic ones up to ``n_songs``."""
    config = profile.fingerprint

    def progress(n_done: int) -> None:
        show(f"Learning: {n_done} songs")

    with open_store(database, config, create=True) as store:
        real = list(real_songs(source, config))[:n_songs]
        fill(store, real, progress)
        pool = tokens_of(real)
        rng = seeded_rng(0, "bench")
        n_more = n_songs - store.n_songs()
        more = synthetic_songs(pool, config, rng, n_more)
        fill(store, more, progress)


def _clips(folder: Path, source: Corpus, profile: Profile, n_clips: int) -> list[Path]:
    rate = profile.fingerprint.sample_rate_hz
    paths = []
    for number, wav in enumerate(clips(source, rate, n=n_clips, duration_s=CLIP_S)):
        paths.append(folder / f"clip-{number}.wav")
        paths[-1].write_bytes(wav)
    return paths
