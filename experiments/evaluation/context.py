"""Context of an evaluation: which music is asked how, and the clips that queries are made of.

Decoded audio, starts of excerpts and maxima of queries come from the cache of stages once they
have been needed. Clips are mono float32; times are in seconds from the start of the track.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from experiments.corpora import Corpus, corpus
from experiments.corpora.reading import changed, unchanged
from experiments.degradations import Condition, Sources, checksums, file_checksums
from experiments.degradations.presets import LEFT_OUT, SPEECH
from experiments.evaluation.stage_cache import StageCache, stage_cache
from experiments.protocol import queries as q
from experiments.protocol.excerpts import Excerpt
from experiments.protocol.plan import Plan
from experiments.protocol.recordings.halves import AskedRecording
from experiments.protocol.splits import ROLES, Role, Split
from fpcore import audio, pipeline
from fpcore.config import FingerprintConfig, FittedOn, Profile
from fpcore.records import Signal


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A query's passage of its track, undegraded, and where in the track it begins."""

    query: q.Query
    start_s: float
    clean: Signal


@dataclass(frozen=True)
class Context:
    """What all queries of an evaluation share, whatever configuration answers them.

    Parameters
    ----------
    corpus : Corpus
        The music.
    plan : Plan
        Who is asked what.
    parts : Split
        The corpus split as planned.
    sources : Sources
        The audio files that degradations draw from, by name.
    cache : StageCache
        Where stages are kept.
    keeps_queries : bool, optional
        Whether the maxima of queries stay in the cache, for other configurations.
    recordings : tuple of AskedRecording, optional
        What is asked beside the excerpts.
    """

    corpus: Corpus
    plan: Plan
    parts: Split
    sources: Sources
    cache: StageCache
    keeps_queries: bool = False
    recordings: tuple[AskedRecording, ...] = ()

    @classmethod
    def of(
        cls,
        corpus: Corpus,
        plan: Plan,
        *,
        sources: Sources | None = None,
        cache: StageCache | None = None,
    ) -> Context:
        """Return the context of a plan on a corpus.

        Parameters
        ----------
        corpus : Corpus
            The music.
        plan : Plan
            Who is asked what.
        sources : Sources, optional
            The audio files that degradations draw from; by default those that the plan's
            conditions need are prepared.
        cache : StageCache, optional
            Where stages are kept; by default the cache that all runs share.

        Raises
        ------
        CorpusError
            When the corpus is too small for the plan.
        """
        parts = plan.split(corpus)
        found = sources_for(plan.conditions, corpus, parts) if sources is None else sources
        return cls(corpus, plan, parts, found, cache or stage_cache())

    def __post_init__(self) -> None:
        # Taken now, and passed on to worker processes: what is drawn later must be the same.
        _ = self.source_files

    @cached_property
    def source_files(self) -> dict[Path, str]:
        """The checksum that each file which degradations draw from had when this was made."""
        return file_checksums(self.sources)

    @cached_property
    def source_checksums(self) -> dict[str, str]:
        """The checksum of each source that degradations draw from, by its name."""
        return checksums(self.sources, self.source_files)

    @cached_property
    def role_of(self) -> Mapping[str, Role]:
        """The half of the corpus that each track belongs to, by the track's id."""
        return {
            track.id: role for role in ROLES for tracks in self.parts.half(role) for track in tracks
        }

    @cached_property
    def recording_by_id(self) -> Mapping[str, AskedRecording]:
        """The recordings by their ids."""
        return {one.id: one for one in self.recordings}

    @property
    def fitted_on(self) -> FittedOn:
        """Note for a decision that is fitted on the calibration half of this corpus."""
        return FittedOn(
            corpus_checksum=self.corpus.checksum,
            seed=self.plan.seed,
            calibration_share=self.plan.calibration_share,
        )

    def queries(self, *roles: Role) -> list[q.Query]:
        """Return what these halves of the corpus are asked."""
        return [query for role in roles for query in self.plan.queries(self.parts, role)]

    def recorded(self, *roles: Role) -> list[AskedRecording]:
        """Return the recordings that these halves of the corpus are asked."""
        return [one for role in roles for one in self.recordings if one.role == role]

    def clips(self, queries: Iterable[q.Query], config: FingerprintConfig) -> Iterator[Clip]:
        """Yield the clip of each query at the sample rate of ``config``, as `by_track` orders."""
        for group in q.by_track(queries):
            yield from self._clips_of_track(group, config)

    def _clips_of_track(
        self, queries: Sequence[q.Query], config: FingerprintConfig
    ) -> Iterator[Clip]:
        track, longest_s = queries[0].track, self.plan.longest_s
        whole = self.cache.signal(self.corpus, track, config)
        drawn: dict[str, Any] = {
            "n": 1 + max(query.number for query in queries),
            "longest_s": longest_s,
            "seed": self.plan.seed_of(queries[0]),
        }
        starts_s = self.cache.starts(
            lambda: q.excerpts_of(self.corpus, track, whole, **drawn),
            {"corpus": self.corpus.seeded_as, **drawn},
            track,
            config,
        )
        for query in queries:
            excerpt = Excerpt(track.id, float(starts_s[query.number]), longest_s)
            yield Clip(query, excerpt.start_s, q.clip(whole, excerpt, query.clip_s))

    def recording(self, clip: Clip) -> Signal:
        """Return a clip as the query hears it, under its condition.

        Raises
        ------
        CorpusError
            When a file that the condition draws from has other content than it had.
        """
        seed = self.plan.seed_of(clip.query)
        self._check_sources(clip.query)
        heard = q.degraded(clip.clean, clip.query, sources=self.sources, seed=seed)
        self._check_sources(clip.query)
        return heard

    def _check_sources(self, query: q.Query) -> None:
        drawn = {name: self.sources.get(name, ()) for name in query.condition.source_names}
        for path, checksum in file_checksums(drawn).items():
            if checksum != self.source_files[path]:
                raise changed(path)

    def heard(self, clip: Clip, profile: Profile) -> tuple[pipeline.Heard, ...]:
        """Return the maxima and levels of a query's windows, from the cache if they are there."""
        query = clip.query
        origin = {
            "corpus": self.corpus.seeded_as,
            "checksum": query.track.checksum,
            "query": query.drawn_as,
            "chain": query.condition.model_dump(mode="json"),
            "longest_s": self.plan.longest_s,
            "seed": self.plan.seed_of(query),
            "sources": self.source_checksums if query.condition.source_names else None,
        }
        return self.cache.heard(
            lambda: self.recording(clip), origin, profile.fingerprint, profile.query
        )

    def heard_recording(
        self, recording: AskedRecording, profile: Profile
    ) -> tuple[pipeline.Heard, ...]:
        """Return the maxima and levels of a recording's windows, from the cache if there."""
        origin = {
            "recording": recording.recorded.checksum,
            "max_query_s": profile.query.max_query_s,
        }
        return self.cache.heard(
            lambda: self.as_recorded(recording, profile),
            origin,
            profile.fingerprint,
            profile.query,
        )

    def as_recorded(self, recording: AskedRecording, profile: Profile) -> Signal:
        """Return a recording as far as a profile listens to it, decoded as for an answer.

        Raises
        ------
        AudioError
            When it cannot be decoded.
        CorpusError
            When its file has other content than when the list was read.
        """
        config = profile.fingerprint
        with unchanged(recording.recorded.file, recording.recorded.checksum) as file:
            return audio.load_from_first_sound(
                file,
                sample_rate_hz=config.sample_rate_hz,
                resampler=config.resampler,
                limits=audio.AudioLimits(),
                duration_s=profile.query.max_query_s,
            )


def sources_for(conditions: Sequence[Condition], music: Corpus, parts: Split) -> Sources:
    """Return the audio files that conditions draw from by the names that are known here.

    Speech is of a corpus that is prepared where it is needed. Music that stays out of the index is
    of the calibration half, so that tracks that test a decision stay unheard until then.

    Parameters
    ----------
    conditions : sequence of Condition
        Whose sources are wanted.
    music : Corpus
        Where left-out tracks are.
    parts : Split
        Which tracks are left out.
    """
    wanted = {name for condition in conditions for name in condition.source_names}
    found: dict[str, tuple[Path, ...]] = {}
    if SPEECH in wanted:
        speech = corpus("debian-speech")
        found[SPEECH] = tuple(speech.path_of(track) for track in speech.tracks)
    if LEFT_OUT in wanted:
        found[LEFT_OUT] = tuple(music.path_of(track) for track in parts.calibration_left_out)
    return found
