"""Service: what all requests of one server process share, and how it starts and stops."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from api.decoding.jobs import AnswerT, Bounds, Job, Task
from api.decoding.pool import DecodePool
from api.decoding.turns import Turns
from api.decoding.warmup import noise_query
from api.operations.folders import SERVERS
from api.operations.metrics import Metrics
from api.settings import Settings
from api.uploads import kept_audio
from api.uploads.admission import Admission, Reception, UploadPlace
from api.uploads.pace import PaceLimits
from api.uploads.receive import UploadLimits
from fpcore import pipeline
from fpcore.audio import AudioLimits
from fpcore.config import Profile
from fpcore.errors import FpError
from fpcore.own_folders import OwnFolder
from fpcore.profiles import load_profile
from fpcore.search.passes import align_query
from fpcore.store import CheckReport, NewSong, Store, open_store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """What a check of the index found, and when."""

    report: CheckReport
    checked_at: datetime


class Service:
    """One index under one profile, and the means to answer from it.

    Parameters
    ----------
    settings : Settings
        Paths and limits.
    profile : Profile
        The configuration under which ``store`` was made.
    store : Store
        The index, open; `stop` closes it.
    inbox : OwnFolder
        Where uploads lie while they are worked on; `stop` removes it.
    """

    def __init__(
        self, settings: Settings, profile: Profile, store: Store, inbox: OwnFolder
    ) -> None:
        self.settings = settings
        self.profile = profile
        self.store = store
        self.inbox = inbox
        self.metrics = Metrics(store)
        self.receiving = Reception(settings.max_uploads, settings.max_arriving_bytes)
        self.working = Admission(settings.max_jobs, "being worked on")
        self.checking = Turns(1)
        self.health: Health | None = None
        bounds = Bounds(settings.worker_memory_bytes, settings.worker_cpu_s, settings.worker_wall_s)
        limits = AudioLimits(max_duration_s=settings.max_duration_s)
        self.pool = DecodePool(
            settings.decode_workers,
            Task(profile, limits, store.file.absolute(), bounds),
            on_loss=self.metrics.lost_workers.inc,
        )

    @classmethod
    def start(cls, settings: Settings) -> Self:
        """Return a service with its index open, made if there is none, and its decoders started.

        Raises
        ------
        FpError
            When the profile or the index cannot be used.
        """
        profile = load_profile(settings.profile)
        store = open_store(
            settings.database,
            profile.fingerprint,
            create=True,
            busy_timeout_s=settings.busy_timeout_s,
        )
        with contextlib.ExitStack() as begun:
            begun.callback(store.close)
            if settings.keep_audio is not None:
                settings.keep_audio.mkdir(parents=True, exist_ok=True)
                kept_audio.sweep(settings.keep_audio, store)
            inbox = OwnFolder(SERVERS, settings.temp_folder)
            begun.callback(inbox.close)
            service = cls(settings, profile, store, inbox)
            begun.callback(service.pool.close)
            service.pool.start()
            service.warm()
            begun.pop_all()  # all is well: `stop` ends it
        return service

    @property
    def upload_limits(self) -> UploadLimits:
        """Bounds on one upload."""
        settings = self.settings
        pace = PaceLimits(
            window_s=settings.upload_window_s,
            bytes_per_s=settings.min_upload_bytes_per_s,
            total_s=settings.upload_timeout_s,
        )
        return UploadLimits(settings.max_upload_bytes, pace)

    async def work(self, job: Job[AnswerT], place: UploadPlace) -> AnswerT:
        """Return the answer of a job; see `DecodePool.run`.

        ``place`` is that of its request, which may be taken away until the job begins.
        """
        return await self.pool.run(job, place.client, place.settle)

    def warm(self) -> None:
        """Look noise up in an index of noise, which loads all compiled code of a recognition."""
        config = self.profile.fingerprint
        query = noise_query(config, self.profile.query)
        with (
            tempfile.TemporaryDirectory(dir=self.inbox.path) as folder,
            open_store(Path(folder, "warm.db"), config, create=True) as store,
        ):
            heard = pipeline.fingerprint_of(query.heard.maxima[0], query.duration_s, config)
            noise = NewSong("noise", "noise", query.duration_s)
            store.add_song(noise, heard.hashes, heard.constellation)
            align_query([query], store, self.profile)

    def check(self) -> Health:
        """Check the index, and remember what was found."""
        self.health = Health(self.store.check(), datetime.now(UTC))
        if not self.health.report.ok:
            problems = list(self.health.report.problems)
            logger.error("the index has problems", extra={"fields": {"problems": problems}})
        return self.health

    def first_check(self) -> None:
        """Check the index at the start; a check that fails is logged, and the service goes on."""
        try:
            self.check()
        except FpError as error:
            logger.warning("the index could not be checked: %s", error)

    def stop(self) -> None:
        """End the decoders, close the index and remove what is left of uploads."""
        self.pool.close()
        self.store.close()
        self.inbox.close()
